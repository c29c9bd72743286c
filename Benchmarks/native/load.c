// Load generator: one thread with epoll, whose keep-alive connections repeat the steps of a script.
//
//   load --port P --script FILE [--connections 1] [--iterations N] [--seconds S] [--rate R] [--authorization A]
//
// Ends after N iterations over all connections or S seconds (default 10), whichever is first; then waits up to 60 s for
// the answers still missing. Prints one JSON object. With --rate, R requests a second are due at even intervals, and
// each latency counts from the due time, so that it includes the delay by a stall. Then "server_us" tells the same without
// the delay by this program itself, which is "lag_us": it may have waited for a processor before it sent a request that was
// due, or after the kernel had the answer for it.
//
// A script has one instruction per line:
//   list runs FILE                     lines for placeholders like ${runs[…]}
//   step POST /api/…                   begins a step; the target is a template (template.h)
//   type application/octet-stream      Content-Type of the step's body (default application/json)
//   capture run_id                     stores a string member of the answer; later steps use it as ${run_id}
//   more next_page_token               repeats the step while the answer has this member
//   body {"run_id":"${run_id}"}        template of the step's body
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "response.h"
#include "script.h"

enum { READ_BYTES = 262144, EVENTS = 256, PATIENCE_SECONDS = 60 };

typedef struct {
    int descriptor;
    bool isBusy;        // a request is under way
    bool wantsToWrite;  // epoll reports when the socket takes more bytes
    size_t step;
    size_t sent;
    Buffer request;
    Response response;
    Values values;
    int64_t requestStart, iterationStart;
    int64_t sendLag;  // how late this program began the request
    int64_t arrival;  // when the kernel had the last bytes of the answer
} Connection;

typedef struct {
    int64_t *nanoseconds;
    size_t count, capacity;
} Latencies;

static struct {
    Script script;
    int port, epoll;
    int64_t iterations, seconds, rate;
    const char *authorization;  // the field of each request, such as "Bearer T"; NULL for none
    int64_t begin, deadline, lastAnswer;
    int64_t startedIterations, finishedIterations, dueRequests;
    int64_t requests, failures, reconnects, busy;
    uint64_t bytes, braces;
    int64_t statuses[1000];
    char firstFailure[200];
    Latencies requestLatencies, iterationLatencies, serverLatencies, lags;
    Connection **idle;
    size_t idleCount;
    int64_t idleSince;  // since when a connection has been free
    Buffer body;
    char *readBuffer;
} load;

static int64_t nanoseconds(struct timespec time) { return time.tv_sec * INT64_C(1000000000) + time.tv_nsec; }

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return nanoseconds(time);
}

static void note(Latencies *latencies, int64_t nanoseconds) {
    if (latencies->count == latencies->capacity) {
        latencies->capacity = latencies->capacity * 2 + 4096;
        latencies->nanoseconds = realloc(latencies->nanoseconds, latencies->capacity * sizeof(int64_t));
        if (!latencies->nanoseconds) fail("out of memory");
    }
    latencies->nanoseconds[latencies->count++] = nanoseconds;
}

static void noteFailure(const char *text, size_t length) {
    load.failures++;
    if (load.firstFailure[0]) return;
    if (length >= sizeof load.firstFailure) length = sizeof load.firstFailure - 1;
    for (size_t index = 0; index < length; index++)
        load.firstFailure[index] = text[index] < ' ' || text[index] == '"' || text[index] == '\\' ? '\'' : text[index];
}

static void watch(Connection *connection, int operation, bool wantsToWrite) {
    struct epoll_event event = {.events = EPOLLIN | (wantsToWrite ? EPOLLOUT : 0), .data.ptr = connection};
    if (epoll_ctl(load.epoll, operation, connection->descriptor, &event) != 0) fail("epoll_ctl: %s", strerror(errno));
    connection->wantsToWrite = wantsToWrite;
}

static void openConnection(Connection *connection) {
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)load.port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    connection->descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connection->descriptor < 0 || connect(connection->descriptor, (struct sockaddr *)&address, sizeof address) != 0)
        fail("cannot connect to port %d: %s", load.port, strerror(errno));
    int one = 1;
    setsockopt(connection->descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (load.rate > 0) setsockopt(connection->descriptor, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof one);
    fcntl(connection->descriptor, F_SETFL, O_NONBLOCK);
    watch(connection, EPOLL_CTL_ADD, false);
}

static void sendRequest(Connection *connection) {
    while (connection->sent < connection->request.length) {
        ssize_t count = send(connection->descriptor, connection->request.bytes + connection->sent,
                             connection->request.length - connection->sent, MSG_NOSIGNAL);
        if (count < 0) {
            // A later read detects a broken connection.
            if (errno != EAGAIN && errno != EWOULDBLOCK) break;
            if (!connection->wantsToWrite) watch(connection, EPOLL_CTL_MOD, true);
            return;
        }
        connection->sent += (size_t)count;
    }
    if (connection->wantsToWrite) watch(connection, EPOLL_CTL_MOD, false);
}

static bool mayBegin(int64_t time) {
    return time < load.deadline && (load.iterations == 0 || load.startedIterations < load.iterations);
}

// Sends the connection's next request; false if the connection has no more to send.
static bool beginRequest(Connection *connection, int64_t time, int64_t due) {
    if (connection->step == 0 && connection->iterationStart == 0) {
        if (!mayBegin(time)) return false;
        connection->values.variables[VARIABLE_N] = load.startedIterations++;
        connection->iterationStart = due;
        memset(connection->values.captured, 0, sizeof connection->values.captured);
    }
    const Step *step = &load.script.steps[connection->step];
    Buffer *request = &connection->request;
    request->length = connection->sent = load.body.length = 0;
    append(request, step->method, strlen(step->method));
    append(request, " ", 1);
    render(step->target, &load.script.names, &connection->values, true, request);
    char head[200];
    int length = snprintf(head, sizeof head, " HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUser-Agent: load\r\n", load.port);
    append(request, head, (size_t)length);
    if (load.authorization) {
        length = snprintf(head, sizeof head, "Authorization: %.200s\r\n", load.authorization);
        append(request, head, (size_t)length);
    }
    if (step->body) {
        render(step->body, &load.script.names, &connection->values, false, &load.body);
        length = snprintf(head, sizeof head, "Content-Type: %.60s\r\nContent-Length: %zu\r\n", step->type,
                          load.body.length);
        append(request, head, (size_t)length);
    }
    append(request, "\r\n", 2);
    append(request, load.body.bytes, load.body.length);
    startResponse(&connection->response, step->captureCount > 0);
    connection->requestStart = due;
    connection->isBusy = true;
    load.busy++;
    sendRequest(connection);
    return true;
}

static void rest(Connection *connection) {
    connection->isBusy = false;
    if (load.idleCount == 0) load.idleSince = connection->arrival;
    load.idle[load.idleCount++] = connection;
}

static void reopen(Connection *connection) {
    close(connection->descriptor);
    connection->wantsToWrite = false;
    load.reconnects++;
    openConnection(connection);
}

// Counts a complete answer and goes to the next step.
static void finishRequest(Connection *connection) {
    Response *response = &connection->response;
    const Step *step = &load.script.steps[connection->step];
    int64_t time = now();
    load.lastAnswer = time;
    load.busy--;
    load.requests++;
    load.bytes += response->bodyBytes;
    load.braces += response->braces;
    note(&load.requestLatencies, time - connection->requestStart);
    if (load.rate > 0) {
        int64_t lag = connection->sendLag + time - connection->arrival;
        note(&load.lags, lag);
        note(&load.serverLatencies, time - connection->requestStart - lag);
    }
    if (response->status > 0 && response->status < 1000) load.statuses[response->status]++;
    bool isGood = response->status >= 200 && response->status < 300;
    if (!isGood) noteFailure(response->body.bytes, response->body.length);
    for (int index = 0; index < step->captureCount; index++) {
        int capture = step->captures[index];
        findMember(response, load.script.names.captures[capture], connection->values.captured[capture],
                   CAPTURE_BYTES);
    }
    bool hasMore = step->more >= 0 && connection->values.captured[step->more][0];
    if (!hasMore) connection->step++;
    if (!isGood || connection->step == load.script.stepCount) {
        note(&load.iterationLatencies, time - connection->iterationStart);
        load.finishedIterations++;
        connection->values.variables[VARIABLE_I]++;
        connection->iterationStart = 0;
        connection->step = 0;
    }
    if (response->closes) reopen(connection);
    if (load.rate > 0 || !beginRequest(connection, time, time)) rest(connection);
}

static void breakConnection(Connection *connection, const char *reason) {
    if (connection->isBusy) {
        noteFailure(reason, strlen(reason));
        load.busy--;
        connection->step = 0;
        connection->iterationStart = 0;
    }
    bool wasBusy = connection->isBusy;
    reopen(connection);
    if (wasBusy) rest(connection);
}

// Reads what is there, and notes when the kernel had it.
static ssize_t receiveBytes(Connection *connection) {
    if (load.rate == 0) return recv(connection->descriptor, load.readBuffer, READ_BYTES, 0);
    union {
        char bytes[CMSG_SPACE(sizeof(struct timespec))];
        struct cmsghdr alignment;
    } control;
    struct iovec part = {.iov_base = load.readBuffer, .iov_len = READ_BYTES};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
    ssize_t count = recvmsg(connection->descriptor, &message, 0);
    if (count <= 0) return count;
    connection->arrival = now();
    for (struct cmsghdr *field = CMSG_FIRSTHDR(&message); field; field = CMSG_NXTHDR(&message, field)) {
        if (field->cmsg_level != SOL_SOCKET || field->cmsg_type != SCM_TIMESTAMPNS) continue;
        struct timespec stamp, wall;
        memcpy(&stamp, CMSG_DATA(field), sizeof stamp);
        clock_gettime(CLOCK_REALTIME, &wall);
        int64_t age = nanoseconds(wall) - nanoseconds(stamp);
        if (age > 0) connection->arrival -= age;
    }
    return count;
}

static void receive(Connection *connection) {
    for (;;) {
        ssize_t count = receiveBytes(connection);
        if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
        if (count <= 0 || !connection->isBusy) {
            breakConnection(connection, count < 0 ? strerror(errno) : "the server closed the connection");
            return;
        }
        feedResponse(&connection->response, load.readBuffer, (size_t)count);
        if (connection->response.state == STATE_BROKEN) {
            breakConnection(connection, "the answer is not valid HTTP");
            return;
        }
        if (connection->response.state == STATE_DONE) {
            finishRequest(connection);
            return;
        }
    }
}

// Sends requests on idle connections; returns the nanoseconds until the next request is due.
static int64_t beginIdle(void) {
    const int64_t second = INT64_C(1000000000);
    while (load.idleCount > 0) {
        int64_t time = now(), due = time;
        if (load.rate > 0) {
            due = load.begin + load.dueRequests * second / load.rate;
            if (due > time) return due < load.deadline ? due - time : second;
        }
        Connection *connection = load.idle[load.idleCount - 1];
        connection->sendLag = time - (due > load.idleSince ? due : load.idleSince);
        if (!beginRequest(connection, time, due)) return second;
        load.idleCount--;
        load.dueRequests++;
    }
    return second;
}

static void run(int connectionCount) {
    Connection *connections = calloc((size_t)connectionCount, sizeof *connections);
    load.idle = calloc((size_t)connectionCount, sizeof *load.idle);
    load.readBuffer = malloc(READ_BYTES);
    load.epoll = epoll_create1(EPOLL_CLOEXEC);
    if (!connections || !load.idle || !load.readBuffer || load.epoll < 0) fail("out of memory or descriptors");
    for (int index = connectionCount - 1; index >= 0; index--) {
        connections[index].values.variables[VARIABLE_C] = index;
        openConnection(&connections[index]);
        rest(&connections[index]);
    }
    load.begin = now();
    load.deadline = load.begin + load.seconds * INT64_C(1000000000);
    struct epoll_event events[EVENTS];
    for (;;) {
        int64_t patience = beginIdle();
        int64_t time = now();
        if (load.busy == 0 && !mayBegin(time)) break;
        if (time > load.deadline + PATIENCE_SECONDS * INT64_C(1000000000)) {
            noteFailure("no reply within 60 s", 20);
            break;
        }
        struct timespec wait = {.tv_sec = patience / 1000000000, .tv_nsec = patience % 1000000000};
        int count = epoll_pwait2(load.epoll, events, EVENTS, &wait, NULL);
        for (int index = 0; index < count; index++) {
            Connection *connection = events[index].data.ptr;
            if (events[index].events & EPOLLOUT) sendRequest(connection);
            if (events[index].events & ~(uint32_t)EPOLLOUT) receive(connection);
        }
    }
}

static int ascending(const void *left, const void *right) {
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

static double microseconds(const Latencies *latencies, double part) {
    if (latencies->count == 0) return 0;
    return (double)latencies->nanoseconds[(size_t)(part * (double)(latencies->count - 1) + 0.5)] / 1000;
}

static void printLatencies(const char *name, Latencies *latencies) {
    if (latencies->count > 0) qsort(latencies->nanoseconds, latencies->count, sizeof(int64_t), ascending);
    printf("\"%s\": {\"p50\": %.1f, \"p99\": %.1f, \"max\": %.1f}, ", name, microseconds(latencies, 0.5),
           microseconds(latencies, 0.99), microseconds(latencies, 1));
}

static void report(void) {
    double seconds = (double)((load.lastAnswer > load.begin ? load.lastAnswer : now()) - load.begin) / 1e9;
    printf("{\"seconds\": %.6f, \"requests\": %lld, \"iterations\": %lld, \"failures\": %lld, \"reconnects\": %lld, ",
           seconds, (long long)load.requests, (long long)load.finishedIterations, (long long)load.failures,
           (long long)load.reconnects);
    printf("\"bytes\": %llu, \"braces\": %llu, ", (unsigned long long)load.bytes, (unsigned long long)load.braces);
    printLatencies("request_us", &load.requestLatencies);
    printLatencies("iteration_us", &load.iterationLatencies);
    if (load.rate > 0) {
        printLatencies("server_us", &load.serverLatencies);
        printLatencies("lag_us", &load.lags);
    }
    printf("\"statuses\": {");
    const char *comma = "";
    for (int status = 0; status < 1000; status++) {
        if (load.statuses[status] == 0) continue;
        printf("%s\"%d\": %lld", comma, status, (long long)load.statuses[status]);
        comma = ", ";
    }
    printf("}, \"first_failure\": \"%s\"}\n", load.firstFailure);
}

int main(int count, char **arguments) {
    int connections = 1;
    const char *script = NULL;
    load.seconds = 10;
    for (int index = 1; index + 1 < count; index += 2) {
        const char *name = arguments[index], *value = arguments[index + 1];
        if (strcmp(name, "--port") == 0) load.port = atoi(value);
        else if (strcmp(name, "--script") == 0) script = value;
        else if (strcmp(name, "--connections") == 0) connections = atoi(value);
        else if (strcmp(name, "--iterations") == 0) load.iterations = atoll(value);
        else if (strcmp(name, "--seconds") == 0) load.seconds = atoll(value);
        else if (strcmp(name, "--rate") == 0) load.rate = atoll(value);
        else if (strcmp(name, "--authorization") == 0) load.authorization = value;
        else fail("unknown option %s", name);
    }
    if (load.port <= 0 || !script || connections <= 0) fail("usage: load --port P --script FILE [options]");
    load.script = readScript(script);
    run(connections);
    report();
    return 0;
}
