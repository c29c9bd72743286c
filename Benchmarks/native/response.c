#include "response.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MAXIMUM_HEAD = 65536 };

void startResponse(Response *response, bool keepsBody) {
    response->state = STATE_HEAD;
    response->status = 0;
    response->closes = false;
    response->rest = 0;
    response->keepsBody = keepsBody;
    response->line.length = response->body.length = 0;
    response->bodyBytes = response->braces = 0;
}

static void readHead(Response *response) {
    append(&response->line, "", 1);
    char *line = response->line.bytes;
    if (strncmp(line, "HTTP/1.", 7) != 0 || strlen(line) < 12) {
        response->state = STATE_BROKEN;
        return;
    }
    response->status = atoi(line + 9);
    bool isChunked = false;
    while ((line = strstr(line, "\r\n"))) {
        line += 2;
        if (strncasecmp(line, "content-length:", 15) == 0) response->rest = strtoull(line + 15, NULL, 10);
        else if (strncasecmp(line, "transfer-encoding: chunked", 26) == 0) isChunked = true;
        else if (strncasecmp(line, "connection: close", 17) == 0) response->closes = true;
    }
    response->line.length = 0;
    if (isChunked) response->state = STATE_CHUNK_SIZE;
    else response->state = response->rest ? STATE_BODY : STATE_DONE;
}

static size_t takeHead(Response *response, const char *bytes, size_t length) {
    size_t before = response->line.length;
    if (before + length > MAXIMUM_HEAD) length = MAXIMUM_HEAD - before;
    append(&response->line, bytes, length);
    size_t start = before > 3 ? before - 3 : 0;
    char *end = memmem(response->line.bytes + start, response->line.length - start, "\r\n\r\n", 4);
    if (!end) {
        if (response->line.length >= MAXIMUM_HEAD) response->state = STATE_BROKEN;
        return length;
    }
    size_t headLength = (size_t)(end - response->line.bytes) + 4;
    response->line.length = headLength - 2;
    readHead(response);
    return headLength - before;
}

static size_t takeBody(Response *response, const char *bytes, size_t length) {
    if (length > response->rest) length = (size_t)response->rest;
    const char *end = bytes + length;
    unsigned long long braces = 0;
    for (const char *byte = bytes; byte < end; byte++) braces += *byte == '{';
    response->braces += braces;
    response->bodyBytes += length;
    response->rest -= length;
    if (response->keepsBody || response->status >= 300) append(&response->body, bytes, length);
    if (response->rest == 0) response->state = response->state == STATE_BODY ? STATE_DONE : STATE_CHUNK_END;
    return length;
}

// Reads a line between chunks: a chunk size, the end of a chunk, or a trailer.
static size_t takeLine(Response *response, const char *bytes, size_t length) {
    const char *newline = memchr(bytes, '\n', length);
    size_t taken = newline ? (size_t)(newline - bytes) + 1 : length;
    append(&response->line, bytes, taken);
    if (response->line.length > MAXIMUM_HEAD) response->state = STATE_BROKEN;
    if (!newline || response->state == STATE_BROKEN) return taken;
    bool isEmpty = response->line.length <= 2;
    append(&response->line, "", 1);
    if (response->state == STATE_CHUNK_SIZE) {
        response->rest = strtoull(response->line.bytes, NULL, 16);
        response->state = response->rest ? STATE_CHUNK_DATA : STATE_TRAILER;
    } else if (response->state == STATE_CHUNK_END) {
        response->state = STATE_CHUNK_SIZE;
    } else if (isEmpty) {
        response->state = STATE_DONE;
    }
    response->line.length = 0;
    return taken;
}

void feedResponse(Response *response, const char *bytes, size_t length) {
    while (length > 0 && response->state < STATE_DONE) {
        size_t taken;
        if (response->state == STATE_HEAD) taken = takeHead(response, bytes, length);
        else if (response->state == STATE_BODY || response->state == STATE_CHUNK_DATA)
            taken = takeBody(response, bytes, length);
        else taken = takeLine(response, bytes, length);
        bytes += taken;
        length -= taken;
    }
    if (length > 0 && response->state == STATE_DONE) response->state = STATE_BROKEN;
}

void findMember(const Response *response, const char *name, char *out, size_t capacity) {
    out[0] = 0;
    char pattern[80];
    size_t nameLength = strlen(name);
    if (nameLength > 70 || response->body.length == 0) return;
    pattern[0] = '"';
    memcpy(pattern + 1, name, nameLength);
    pattern[nameLength + 1] = '"';
    const char *end = response->body.bytes + response->body.length;
    const char *cursor = memmem(response->body.bytes, response->body.length, pattern, nameLength + 2);
    if (!cursor) return;
    cursor += nameLength + 2;
    while (cursor < end && (*cursor == ':' || *cursor == ' ')) cursor++;
    if (cursor == end || *cursor++ != '"') return;
    const char *close = memchr(cursor, '"', (size_t)(end - cursor));
    if (!close || (size_t)(close - cursor) >= capacity) return;
    memcpy(out, cursor, (size_t)(close - cursor));
    out[close - cursor] = 0;
}
