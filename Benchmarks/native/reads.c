// Measures the limits of this machine for reads: a small server in C and a client, over one loopback connection. The
// server executes the statements of Apus' readers on a database of Apus, with their pragmas, in one transaction per
// request, and sends the same JSON. It has no HTTP, no threads and no checks of the request. Prints one JSON object.
//
//   reads runs DATABASE SQL LIMIT CALLS         a search: the runs whose rows SQL finds, up to LIMIT
//   reads run DATABASE FILE CALLS               one run per request, for the ids in FILE in turn
//   reads history DATABASE RUN KEY PAGE PASSES  a metric's points in pages of PAGE, or all in one answer if PAGE is 0;
//                                               counts points, not requests
//
// If CALLS or PASSES is 0, the first answer is printed instead, to be compared with that of Apus.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "measure.h"
#include "writing.h"

enum { REQUEST_BYTES = 300, FRAME_BYTES = 1 << 18, MAXIMUM_RUNS = 1000, MAXIMUM_KEYS = 4096 };

// What follows after a piece of an answer.
enum { PIECE_FOLLOWS, ANSWER_ENDS, PAGE_FOLLOWS };

typedef struct {
    int64_t length, what;
} Frame;

typedef struct {
    sqlite3 *database;
    sqlite3_stmt *begin, *end, *rows, *infos, *metrics, *params, *tags, *inputs, *outputs, *models, *find, *points;
    Text keys[MAXIMUM_KEYS];  // quoted
    char **ids;
    int64_t idCount, limit, pageSize;
    int peer;  // the socket, or -1 to print the answer
    Text text;
} Reader;

static void sendAll(int peer, const void *bytes, size_t length) {
    for (size_t done = 0; done < length;) {
        ssize_t count = send(peer, (const char *)bytes + done, length - done, MSG_NOSIGNAL);
        if (count <= 0) fail("the client closed the connection");
        done += (size_t)count;
    }
}

// Sends the text with its header in one call, and empties it.
static void flush(Reader *reader, int64_t what) {
    Text *text = &reader->text;
    if (reader->peer < 0) {
        fwrite(text->bytes + sizeof(Frame), 1, text->length - sizeof(Frame), stdout);
    } else {
        Frame frame = {(int64_t)(text->length - sizeof(Frame)), what};
        memcpy(text->bytes, &frame, sizeof frame);
        sendAll(reader->peer, text->bytes, text->length);
    }
    text->length = sizeof(Frame);
}

static const char *column(sqlite3_stmt *row, int index) { return (const char *)sqlite3_column_text(row, index); }

static bool next(sqlite3_stmt *statement) {
    int code = sqlite3_step(statement);
    if (code != SQLITE_ROW && code != SQLITE_DONE) fail("%s", sqlite3_errmsg(sqlite3_db_handle(statement)));
    if (code == SQLITE_DONE) sqlite3_reset(statement);
    return code == SQLITE_ROW;
}

static void run(sqlite3_stmt *statement) {
    while (next(statement)) {}
}

static void openReader(Reader *reader, const char *path) {
    if (sqlite3_open_v2(path, &reader->database, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
        fail("cannot open %s", path);
    sqlite3 *database = reader->database;
    execute(database, "PRAGMA busy_timeout = 5000; PRAGMA cache_size = -8192; PRAGMA temp_store = MEMORY;"
                      "PRAGMA query_only = ON; PRAGMA case_sensitive_like = ON");
    reader->begin = prepare(database, "BEGIN");
    reader->end = prepare(database, "COMMIT");
    sqlite3_stmt *names = prepare(database, "SELECT id, name FROM keys");
    while (next(names)) {
        int64_t id = sqlite3_column_int64(names, 0);
        if (id >= MAXIMUM_KEYS) fail("more than %d keys", MAXIMUM_KEYS);
        addString(&reader->keys[id], column(names, 1));
    }
    reader->text.length = sizeof(Frame);
}

static void prepareRuns(Reader *reader) {
    sqlite3 *database = reader->database;
    reader->infos = prepare(database,
                            "SELECT run_id, experiment_id, name, user_id, status, start_time, end_time, artifact_uri, "
                            "lifecycle_stage FROM json_each(?1) AS page CROSS JOIN runs ON runs.id = page.value "
                            "ORDER BY page.id");
    reader->metrics = prepare(database,
                              "SELECT metric.run_id, metric.key_id, metric.value, metric.is_nan, metric.timestamp, "
                              "metric.step FROM json_each(?1) AS page "
                              "CROSS JOIN latest_metrics AS metric ON metric.run_id = page.value");
    reader->params = prepare(database, "SELECT param.run_id, param.key_id, param.value FROM json_each(?1) AS page "
                                       "CROSS JOIN params AS param ON param.run_id = page.value");
    reader->tags = prepare(database, "SELECT tag.run_id, tag.key_id, tag.value FROM json_each(?1) AS page "
                                     "CROSS JOIN run_tags AS tag ON tag.run_id = page.value");
    reader->inputs = prepare(database,
                             "SELECT input.id, dataset.name, tag.key FROM json_each(?1) AS page "
                             "CROSS JOIN dataset_inputs AS input ON input.run_id = page.value "
                             "JOIN datasets AS dataset ON dataset.id = input.dataset_id "
                             "LEFT JOIN dataset_input_tags AS tag ON tag.input_id = input.id");
    reader->outputs = prepare(database, "SELECT model.model_id FROM json_each(?1) AS page "
                                        "CROSS JOIN model_outputs AS model ON model.run_id = page.value");
    reader->models = prepare(database, "SELECT model_id FROM model_inputs WHERE run_id = ?1");
    reader->find = prepare(database, "SELECT id FROM runs WHERE run_id = ?1");
}

static const char *statusName(int64_t status) {
    static const char *names[] = {"", "RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"};
    return status >= 1 && status <= 5 ? names[status] : "";
}

static void writeInfo(Text *text, sqlite3_stmt *row) {
    addRaw(text, "{\"info\":{\"run_uuid\":"), addString(text, column(row, 0));
    addRaw(text, ",\"experiment_id\":\""), addInteger(text, sqlite3_column_int64(row, 1));
    addRaw(text, "\",\"run_name\":"), addString(text, column(row, 2));
    addRaw(text, ",\"user_id\":"), addString(text, column(row, 3));
    addRaw(text, ",\"status\":"), addString(text, statusName(sqlite3_column_int64(row, 4)));
    addRaw(text, ",\"start_time\":"), addInteger(text, sqlite3_column_int64(row, 5));
    int64_t end = sqlite3_column_int64(row, 6);
    if (end != 0) addRaw(text, ",\"end_time\":"), addInteger(text, end);
    addRaw(text, ",\"artifact_uri\":"), addString(text, column(row, 7));
    addRaw(text, ",\"lifecycle_stage\":"), addString(text, sqlite3_column_int64(row, 8) ? "deleted" : "active");
    addRaw(text, ",\"run_id\":"), addString(text, column(row, 0));
    addRaw(text, "}");
}

static void writeMetric(Reader *reader, sqlite3_stmt *row) {
    Text *text = &reader->text;
    const Text *key = &reader->keys[sqlite3_column_int64(row, 1)];
    addRaw(text, "{\"key\":"), addBytes(text, key->bytes, key->length);
    addRaw(text, ",\"value\":");
    if (sqlite3_column_int64(row, 3)) addRaw(text, "\"NaN\"");
    else addDouble(text, sqlite3_column_double(row, 2));
    addRaw(text, ",\"timestamp\":"), addInteger(text, sqlite3_column_int64(row, 4));
    addRaw(text, ",\"step\":"), addInteger(text, sqlite3_column_int64(row, 5));
    addRaw(text, "}");
}

static void writePair(Reader *reader, sqlite3_stmt *row) {
    Text *text = &reader->text;
    const Text *key = &reader->keys[sqlite3_column_int64(row, 1)];
    addRaw(text, "{\"key\":"), addBytes(text, key->bytes, key->length);
    addRaw(text, ",\"value\":"), addString(text, column(row, 2));
    addRaw(text, "}");
}

// Writes a list of one run: `statement` stands before or on the run's first row, and its rows are in page order.
static void writeList(Reader *reader, sqlite3_stmt *statement, bool *stands, int64_t id, const char *name,
                      void (*write)(Reader *, sqlite3_stmt *), bool *isFirst) {
    bool begun = false;
    while (*stands && sqlite3_column_int64(statement, 0) == id) {
        if (begun) {
            addRaw(&reader->text, ",");
        } else {
            if (!*isFirst) addRaw(&reader->text, ",");
            addString(&reader->text, name), addRaw(&reader->text, ":[");
        }
        begun = true, *isFirst = false;
        write(reader, statement);
        *stands = next(statement);
    }
    if (begun) addRaw(&reader->text, "]");
}

static void requireEmpty(sqlite3_stmt *statement, const char *what) {
    if (next(statement)) fail("the store has %s, which this program does not write", what);
}

// Writes the runs of these rows as elements of a list.
static void writeRuns(Reader *reader, const int64_t *rows, int count) {
    static char page[MAXIMUM_RUNS * 22 + 3];
    size_t length = (size_t)sprintf(page, "[");
    for (int index = 0; index < count; index++)
        length += (size_t)sprintf(page + length, "%s%lld", index ? "," : "", (long long)rows[index]);
    length += (size_t)sprintf(page + length, "]");
    sqlite3_stmt *statements[] = {reader->infos, reader->metrics, reader->params,
                                  reader->tags,  reader->inputs,  reader->outputs};
    for (int index = 0; index < 6; index++) sqlite3_bind_text(statements[index], 1, page, (int)length, SQLITE_STATIC);
    bool metric = next(reader->metrics), param = next(reader->params), tag = next(reader->tags);
    requireEmpty(reader->inputs, "data sets"), requireEmpty(reader->outputs, "models");
    for (int index = 0; index < count && next(reader->infos); index++) {
        bool isFirst = true;
        if (index) addRaw(&reader->text, ",");
        writeInfo(&reader->text, reader->infos);
        addRaw(&reader->text, ",\"data\":{");
        writeList(reader, reader->metrics, &metric, rows[index], "metrics", writeMetric, &isFirst);
        writeList(reader, reader->params, &param, rows[index], "params", writePair, &isFirst);
        writeList(reader, reader->tags, &tag, rows[index], "tags", writePair, &isFirst);
        addRaw(&reader->text, "},\"inputs\":{},\"outputs\":{}}");
    }
    sqlite3_reset(reader->infos);
}

static void answerSearch(Reader *reader, int64_t number) {
    (void)number;
    int64_t rows[MAXIMUM_RUNS + 1];
    int count = 0;
    run(reader->begin);
    while (next(reader->rows)) {
        // One row more than the page tells whether another page follows.
        if (count < reader->limit) rows[count++] = sqlite3_column_int64(reader->rows, 0);
    }
    addRaw(&reader->text, "{");
    if (count) addRaw(&reader->text, "\"runs\":["), writeRuns(reader, rows, count), addRaw(&reader->text, "]");
    addRaw(&reader->text, "}");
    run(reader->end);
    flush(reader, ANSWER_ENDS);
}

static void answerRun(Reader *reader, int64_t number) {
    int64_t row = 0;
    run(reader->begin);
    sqlite3_bind_text(reader->find, 1, reader->ids[number % reader->idCount], -1, SQLITE_STATIC);
    while (next(reader->find)) row = sqlite3_column_int64(reader->find, 0);
    addRaw(&reader->text, "{\"run\":"), writeRuns(reader, &row, 1), addRaw(&reader->text, "}");
    sqlite3_bind_int64(reader->models, 1, row);
    requireEmpty(reader->models, "models");
    run(reader->end);
    flush(reader, ANSWER_ENDS);
}

// Writes the next page of the history; the values of its last point stay bound for the page after it.
static void answerHistory(Reader *reader, int64_t number) {
    static int64_t timestamp, step, isNaN;
    static double value;
    sqlite3_stmt *points = reader->points;
    if (number == 0) timestamp = INT64_MIN;
    sqlite3_bind_int64(points, 4, timestamp), sqlite3_bind_int64(points, 5, step);
    sqlite3_bind_double(points, 6, value), sqlite3_bind_int64(points, 7, isNaN);
    int64_t count = 0;
    bool more = false;
    run(reader->begin);
    addRaw(&reader->text, "{\"metrics\":[");
    while (next(points)) {
        if (count == reader->pageSize) {
            more = true;
            continue;
        }
        if (count++) addRaw(&reader->text, ",");
        writeMetric(reader, points);
        value = sqlite3_column_double(points, 2), isNaN = sqlite3_column_int64(points, 3);
        timestamp = sqlite3_column_int64(points, 4), step = sqlite3_column_int64(points, 5);
        if (reader->text.length > FRAME_BYTES) flush(reader, PIECE_FOLLOWS);
    }
    addRaw(&reader->text, "]}");
    run(reader->end);
    flush(reader, more ? PAGE_FOLLOWS : ANSWER_ENDS);
}

static void prepareHistory(Reader *reader, const char *runID, const char *key, int64_t pageSize) {
    sqlite3_stmt *series = prepare(reader->database, "SELECT runs.id, keys.id FROM runs, keys "
                                                     "WHERE run_id = ?1 AND keys.name = ?2");
    sqlite3_bind_text(series, 1, runID, -1, SQLITE_STATIC), sqlite3_bind_text(series, 2, key, -1, SQLITE_STATIC);
    reader->pageSize = pageSize ? pageSize : INT64_MAX - 1;
    reader->points = prepare(reader->database,
                             "SELECT run_id, key_id, value, is_nan, timestamp, step FROM metrics "
                             "WHERE run_id = ?1 AND key_id = ?2 "
                             "AND (timestamp, step, value, is_nan) > (?4, ?5, ?6, ?7) "
                             "ORDER BY timestamp, step, value, is_nan LIMIT ?3");
    while (next(series)) {
        sqlite3_bind_int64(reader->points, 1, sqlite3_column_int64(series, 0));
        sqlite3_bind_int64(reader->points, 2, sqlite3_column_int64(series, 1));
    }
    sqlite3_bind_int64(reader->points, 3, reader->pageSize + 1);
}

static void readList(Reader *reader, const char *path) {
    char line[64];
    FILE *file = fopen(path, "r");
    if (!file) fail("cannot read %s", path);
    reader->ids = calloc(1 << 16, sizeof *reader->ids);
    while (reader->idCount < 1 << 16 && fscanf(file, "%63s", line) == 1) reader->ids[reader->idCount++] = strdup(line);
    fclose(file);
}

static bool receiveAll(int peer, void *bytes, size_t length) {
    for (size_t done = 0; done < length;) {
        ssize_t count = recv(peer, (char *)bytes + done, length - done, 0);
        if (count <= 0) return false;
        done += (size_t)count;
    }
    return true;
}

// Sends one request and reads its whole answer; returns what follows after it.
static int64_t ask(int peer, int64_t number, int64_t *braces) {
    static char piece[1 << 24];
    char request[REQUEST_BYTES] = {0};
    Frame frame = {0, PIECE_FOLLOWS};
    memcpy(request, &number, sizeof number);
    sendAll(peer, request, sizeof request);
    while (frame.what == PIECE_FOLLOWS) {
        if (!receiveAll(peer, &frame, sizeof frame)) fail("the server closed the connection");
        if (frame.length > (int64_t)sizeof piece) fail("a piece of %lld bytes is too large", (long long)frame.length);
        if (!receiveAll(peer, piece, (size_t)frame.length)) fail("the server closed the connection");
        for (int64_t index = 0; index < frame.length; index++) *braces += piece[index] == '{';
    }
    return frame.what;
}

static int connectTo(Reader *reader, void (*answer)(Reader *, int64_t)) {
    int one = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&address, length) != 0 || listen(listener, 1) != 0) fail("listen");
    getsockname(listener, (struct sockaddr *)&address, &length);
    pid_t child = fork();
    if (child < 0) fail("fork");
    if (child > 0) {
        int peer = accept(listener, NULL, NULL);
        char request[REQUEST_BYTES];
        setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        reader->peer = peer;
        while (receiveAll(peer, request, sizeof request)) {
            int64_t number;
            memcpy(&number, request, sizeof number);
            answer(reader, number);
        }
        int status = 0;
        waitpid(child, &status, 0);
        exit(WIFEXITED(status) ? WEXITSTATUS(status) : 2);
    }
    close(listener);
    int peer = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(peer, (struct sockaddr *)&address, length) != 0) fail("connect");
    return peer;
}

// The server stays in this process, because SQLite must not be used across a fork; the measuring client is the child.
static void measure(Reader *reader, void (*answer)(Reader *, int64_t), int64_t calls, bool countsPoints) {
    if (calls == 0) {
        reader->peer = -1;
        answer(reader, 0);
        return;
    }
    int peer = connectTo(reader, answer);
    int64_t braces = 0, answers = 0, start = now();
    for (int64_t call = 0; call < calls; call++) {
        int64_t before = now(), number = countsPoints ? 0 : call, what;
        do {
            what = ask(peer, number++, &braces), answers++;
        } while (what == PAGE_FOLLOWS);
        sample(now() - before);
    }
    report(countsPoints ? braces - answers : calls, start, 0);
    fflush(stdout);
    close(peer);
}

int main(int count, char **arguments) {
    static Reader reader;
    const char *what = count > 2 ? arguments[1] : "";
    if (count > 2) openReader(&reader, arguments[2]);
    if (count == 6 && strcmp(what, "runs") == 0) {
        prepareRuns(&reader);
        reader.rows = prepare(reader.database, arguments[3]);
        reader.limit = atoll(arguments[4]);
        if (reader.limit > MAXIMUM_RUNS) fail("at most %d runs", MAXIMUM_RUNS);
        measure(&reader, answerSearch, atoll(arguments[5]), false);
    } else if (count == 5 && strcmp(what, "run") == 0) {
        prepareRuns(&reader);
        readList(&reader, arguments[3]);
        measure(&reader, answerRun, atoll(arguments[4]), false);
    } else if (count == 7 && strcmp(what, "history") == 0) {
        prepareHistory(&reader, arguments[3], arguments[4], atoll(arguments[5]));
        measure(&reader, answerHistory, atoll(arguments[6]), true);
    } else {
        fail("usage: reads runs|run|history … (see the head of reads.c)");
    }
    return 0;
}
