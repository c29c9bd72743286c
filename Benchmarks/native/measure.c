#include "measure.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { MAXIMUM_SAMPLES = 1 << 22 };

static int64_t samples[MAXIMUM_SAMPLES];
static size_t count;

_Noreturn void fail(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(2);
}

int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

void sample(int64_t nanoseconds) {
    if (count < MAXIMUM_SAMPLES) samples[count++] = nanoseconds;
}

int64_t sampleCount(void) { return (int64_t)count; }

static int ascending(const void *left, const void *right) {
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

void report(int64_t done, int64_t start, int64_t longestCheckpoint) {
    double seconds = (double)(now() - start) / 1e9;
    qsort(samples, count, sizeof *samples, ascending);
    size_t last = count ? count - 1 : 0;
    printf("{\"count\": %lld, \"seconds\": %.6f, \"rate\": %.1f, ", (long long)done, seconds, (double)done / seconds);
    printf("\"p50_us\": %.1f, \"p99_us\": %.1f, \"max_us\": %.1f, ", (double)samples[last / 2] / 1000,
           (double)samples[(size_t)((double)last * 0.99)] / 1000, (double)samples[last] / 1000);
    printf("\"longest_checkpoint_ms\": %.3f}\n", (double)longestCheckpoint / 1e6);
}

void execute(sqlite3 *database, const char *sql) {
    char *message = NULL;
    if (sqlite3_exec(database, sql, NULL, NULL, &message) != SQLITE_OK) fail("%.60s: %s", sql, message);
}

sqlite3_stmt *prepare(sqlite3 *database, const char *sql) {
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v3(database, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL) != SQLITE_OK)
        fail("%.60s: %s", sql, sqlite3_errmsg(database));
    return statement;
}
