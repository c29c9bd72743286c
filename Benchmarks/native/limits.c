// Measures the limits of this machine without a server. Prints one JSON object.
//
//   limits fsync DIRECTORY SECONDS       appends of 4 KiB, each followed by fdatasync
//   limits roundtrip SECONDS             300 bytes to another process and back, over one loopback connection
//   limits sqlite DATABASE SCHEMA RUNS KEYS OTHER PER_COMMIT IS_BATCH SECONDS
//       The statements that Apus' writer executes for a metric point, with its pragmas (Connection+Settings.swift,
//       WriteStatements.swift, WriteSession+Metrics.swift): they insert the point and update its latest row;
//       the state of each series is cached. RUNS × KEYS series are written in turn, beside OTHER runs of 20 metrics.
//       PER_COMMIT points share a durable commit: as that many requests, or with IS_BATCH 1 as one batch of a run,
//       which writes the latest row of each key once.
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "measure.h"

enum { APPEND_BYTES = 4096, MESSAGE_BYTES = 300, CHECKPOINT_PAGES = 8192 };

static int walPages;

static void measureSync(const char *directory, int64_t nanoseconds) {
    char path[4096], block[APPEND_BYTES];
    memset(block, 'x', sizeof block);
    snprintf(path, sizeof path, "%s/appended", directory);
    int file = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600);
    if (file < 0) fail("%s: %s", path, strerror(errno));
    int64_t start = now();
    while (now() - start < nanoseconds) {
        int64_t before = now();
        if (write(file, block, sizeof block) != sizeof block || fdatasync(file) != 0)
            fail("%s: %s", path, strerror(errno));
        sample(now() - before);
    }
    report(sampleCount(), start, 0);
    close(file);
    unlink(path);
}

static bool exchangeAll(int descriptor, char *message, bool isRead) {
    for (size_t done = 0; done < MESSAGE_BYTES;) {
        ssize_t count = isRead ? recv(descriptor, message + done, MESSAGE_BYTES - done, 0)
                               : send(descriptor, message + done, MESSAGE_BYTES - done, MSG_NOSIGNAL);
        if (count <= 0) return false;
        done += (size_t)count;
    }
    return true;
}

static void measureRoundTrip(int64_t nanoseconds) {
    char message[MESSAGE_BYTES] = {0};
    int one = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&address, length) != 0 || listen(listener, 1) != 0) fail("listen");
    getsockname(listener, (struct sockaddr *)&address, &length);
    pid_t child = fork();
    if (child < 0) fail("fork: %s", strerror(errno));
    if (child == 0) {
        int peer = accept(listener, NULL, NULL);
        setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        while (exchangeAll(peer, message, true) && exchangeAll(peer, message, false)) {}
        _exit(0);
    }
    int peer = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(peer, (struct sockaddr *)&address, length) != 0) fail("connect: %s", strerror(errno));
    int64_t start = now();
    while (now() - start < nanoseconds) {
        int64_t before = now();
        if (!exchangeAll(peer, message, false) || !exchangeAll(peer, message, true)) fail("the echo process ended");
        sample(now() - before);
    }
    report(sampleCount(), start, 0);
    close(peer);
    waitpid(child, NULL, 0);
}

static void step(sqlite3_stmt *statement) {
    if (sqlite3_step(statement) != SQLITE_DONE) fail("%s", sqlite3_errmsg(sqlite3_db_handle(statement)));
    sqlite3_reset(statement);
}

static int countPages(void *context, sqlite3 *database, const char *name, int pages) {
    (void)context, (void)database, (void)name;
    walPages = pages;
    return SQLITE_OK;
}

static char *readAll(const char *path) {
    FILE *file = fopen(path, "r");
    char *text = calloc(1, 1 << 20);
    if (!file || !text || fread(text, 1, (1 << 20) - 1, file) == 0) fail("cannot read %s", path);
    fclose(file);
    return text;
}

typedef struct {
    sqlite3 *database;
    sqlite3_stmt *begin, *commit, *insert, *insertLatest, *updateLatest;
    int64_t *counts;  // points of each series
    int64_t number;   // number of the next point
    int64_t longestCheckpoint, checkpointedAtPages;
} Store;

static Store openStore(const char *path, const char *schema, int64_t series, int64_t otherRuns) {
    Store store = {.counts = calloc((size_t)series, sizeof(int64_t))};
    if (sqlite3_open(path, &store.database) != SQLITE_OK || !store.counts) fail("cannot open %s", path);
    execute(store.database,
            "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = wal; PRAGMA synchronous = FULL;"
            "PRAGMA temp_store = MEMORY; PRAGMA cache_size = -65536; PRAGMA wal_autocheckpoint = 0;"
            "PRAGMA foreign_keys = ON");
    execute(store.database, readAll(schema));
    execute(store.database,
            "ALTER TABLE latest_metrics ADD COLUMN minimum REAL; ALTER TABLE latest_metrics ADD COLUMN minimum_step INTEGER;"
            "ALTER TABLE latest_metrics ADD COLUMN maximum REAL; ALTER TABLE latest_metrics ADD COLUMN maximum_step INTEGER");
    char sql[1100];
    snprintf(sql, sizeof sql,
             "BEGIN; WITH RECURSIVE run(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM run WHERE id < %lld), "
             "key(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM key WHERE id < 20) "
             "INSERT INTO latest_metrics SELECT run.id + 100000, key.id, "
             "(run.id * 7919 + key.id * 104729) %% 100003, 0, 1700000000000, 0, 1, 1, 0, 0, 0, 0 "
             "FROM run, key WHERE %lld > 0;"
             "INSERT INTO metrics SELECT run_id, key_id, timestamp, step, value, is_nan FROM latest_metrics; COMMIT",
             (long long)otherRuns, (long long)otherRuns);
    execute(store.database, sql);
    execute(store.database, "PRAGMA wal_checkpoint(TRUNCATE)");
    sqlite3_wal_hook(store.database, countPages, NULL);
    store.begin = prepare(store.database, "BEGIN IMMEDIATE");
    store.commit = prepare(store.database, "COMMIT");
    store.insert = prepare(store.database,
                           "INSERT OR IGNORE INTO metrics (run_id, key_id, timestamp, step, value, is_nan) "
                           "VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
    store.insertLatest = prepare(store.database,
                                 "INSERT INTO latest_metrics (run_id, key_id, value, is_nan, timestamp, step, "
                                 "point_count, in_order, minimum, minimum_step, maximum, maximum_step) "
                                 "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)");
    store.updateLatest = prepare(store.database,
                                 "UPDATE latest_metrics SET value = ?3, is_nan = ?4, timestamp = ?5, step = ?6, "
                                 "point_count = ?7, in_order = ?8, minimum = ?9, minimum_step = ?10, "
                                 "maximum = ?11, maximum_step = ?12 WHERE run_id = ?1 AND key_id = ?2");
    return store;
}

static void insertPoint(Store *store, int64_t run, int64_t key) {
    sqlite3_stmt *insert = store->insert;
    sqlite3_bind_int64(insert, 1, run);
    sqlite3_bind_int64(insert, 2, key);
    sqlite3_bind_int64(insert, 3, 1700000000000 + store->number);
    sqlite3_bind_int64(insert, 4, store->number);
    sqlite3_bind_double(insert, 5, (double)(store->number * 7919 % 100003) / 1000);
    sqlite3_bind_int64(insert, 6, 0);
    step(insert);
}

static void writeLatest(Store *store, int64_t run, int64_t key, int64_t before, int64_t after) {
    sqlite3_stmt *write = before == 0 ? store->insertLatest : store->updateLatest;
    sqlite3_bind_int64(write, 1, run);
    sqlite3_bind_int64(write, 2, key);
    sqlite3_bind_double(write, 3, (double)(store->number * 7919 % 100003) / 1000);
    sqlite3_bind_int64(write, 4, 0);
    sqlite3_bind_int64(write, 5, 1700000000000 + store->number);
    sqlite3_bind_int64(write, 6, store->number);
    sqlite3_bind_int64(write, 7, after);
    sqlite3_bind_int64(write, 8, 1);
    // Extremes that cost as much as true ones.
    sqlite3_bind_double(write, 9, 0.001);
    sqlite3_bind_int64(write, 10, store->number / 2);
    sqlite3_bind_double(write, 11, 100.002);
    sqlite3_bind_int64(write, 12, store->number / 3);
    step(write);
}

static void checkpoint(Store *store) {
    if (walPages < store->checkpointedAtPages) store->checkpointedAtPages = 0;
    if (walPages - store->checkpointedAtPages < CHECKPOINT_PAGES) return;
    store->checkpointedAtPages = walPages;
    int64_t start = now();
    sqlite3_wal_checkpoint_v2(store->database, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    if (now() - start > store->longestCheckpoint) store->longestCheckpoint = now() - start;
}

// Commits requests of one point each, for all series in turn.
static void commitPoints(Store *store, int64_t runs, int64_t series, int64_t perCommit) {
    for (int64_t index = 0; index < perCommit; index++, store->number++) {
        int64_t place = store->number % series, run = place % runs + 1, key = place / runs + 1;
        insertPoint(store, run, key);
        writeLatest(store, run, key, store->counts[place], store->counts[place] + 1);
        store->counts[place]++;
    }
}

// Commits one batch: its keys take turns, and each latest row is written once.
static void commitBatch(Store *store, int64_t run, int64_t keys, int64_t points) {
    int64_t *counts = store->counts + (run - 1) * keys;
    for (int64_t index = 0; index < points; index++, store->number++) insertPoint(store, run, index % keys + 1);
    for (int64_t key = 0; key < keys; key++) {
        writeLatest(store, run, key + 1, counts[key], counts[key] + points / keys);
        counts[key] += points / keys;
    }
}

static void measureStore(char **arguments) {
    int64_t runs = atoll(arguments[2]), keys = atoll(arguments[3]), perCommit = atoll(arguments[5]);
    bool isBatch = atoi(arguments[6]) != 0;
    int64_t nanoseconds = (int64_t)(atof(arguments[7]) * 1e9);
    if (runs <= 0 || keys <= 0 || perCommit <= 0) fail("RUNS, KEYS and PER_COMMIT must be positive");
    Store store = openStore(arguments[0], arguments[1], runs * keys, atoll(arguments[4]));
    int64_t start = now(), commits = 0;
    while (now() - start < nanoseconds) {
        int64_t before = now();
        step(store.begin);
        if (isBatch) commitBatch(&store, commits % runs + 1, keys, perCommit);
        else commitPoints(&store, runs, runs * keys, perCommit);
        step(store.commit);
        sample(now() - before);
        commits++;
        checkpoint(&store);
    }
    report(store.number, start, store.longestCheckpoint);
}

int main(int count, char **arguments) {
    const char *what = count > 1 ? arguments[1] : "";
    if (count == 4 && strcmp(what, "fsync") == 0) measureSync(arguments[2], (int64_t)(atof(arguments[3]) * 1e9));
    else if (count == 3 && strcmp(what, "roundtrip") == 0) measureRoundTrip((int64_t)(atof(arguments[2]) * 1e9));
    else if (count == 10 && strcmp(what, "sqlite") == 0) measureStore(arguments + 2);
    else fail("usage: limits fsync|roundtrip|sqlite … (see the head of limits.c)");
    return 0;
}
