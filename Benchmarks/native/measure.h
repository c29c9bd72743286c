// Shared by the programs that measure limits: errors, the clock, samples, SQLite.
#pragma once

#include <sqlite3.h>
#include <stdint.h>

// Prints a message like printf and exits with status 2.
_Noreturn void fail(const char *format, ...);

// Nanoseconds of the monotonic clock.
int64_t now(void);

// Records one latency.
void sample(int64_t nanoseconds);

// The number of recorded latencies.
int64_t sampleCount(void);

// Prints one JSON object: the count, the rate since `start`, and percentiles of the latencies.
void report(int64_t count, int64_t start, int64_t longestCheckpoint);

// Both exit with SQLite's message on failure.
void execute(sqlite3 *database, const char *sql);
sqlite3_stmt *prepare(sqlite3 *database, const char *sql);
