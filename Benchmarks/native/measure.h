// What the programs that measure limits share: failures, the clock, samples, SQLite.
#pragma once

#include <sqlite3.h>
#include <stdint.h>

// Prints the text as printf does and ends the program with 2.
_Noreturn void fail(const char *format, ...);

// Nanoseconds of a clock that only goes forward.
int64_t now(void);

// Keeps one latency, in nanoseconds.
void sample(int64_t nanoseconds);

// How many latencies are kept.
int64_t sampleCount(void);

// Prints one JSON object: count, rate since `start`, and percentiles of the latencies.
void report(int64_t count, int64_t start, int64_t longestCheckpoint);

// Both end the program with SQLite's message when it refuses.
void execute(sqlite3 *database, const char *sql);
sqlite3_stmt *prepare(sqlite3 *database, const char *sql);
