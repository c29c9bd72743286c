// Reads one HTTP/1.1 answer at a time from bytes as they arrive, with either framing.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "template.h"

typedef enum {
    STATE_HEAD,
    STATE_BODY,
    STATE_CHUNK_SIZE,
    STATE_CHUNK_DATA,
    STATE_CHUNK_END,
    STATE_TRAILER,
    STATE_DONE,
    STATE_BROKEN
} ResponseState;

typedef struct {
    ResponseState state;
    int status;
    bool closes;              // the server ends the connection after this answer
    unsigned long long rest;  // bytes of the body, or of the chunk, still to come
    bool keepsBody;           // collect the body; that of a refusal is collected anyway
    Buffer line;              // the head, or a line between chunks
    Buffer body;
    unsigned long long bodyBytes;
    unsigned long long braces;  // how many '{' the body held: one a point, a run, …
} Response;

// Makes ready for the next answer; keeps the buffers.
void startResponse(Response *response, bool keepsBody);

// Takes in bytes until the answer is complete or broken (`state` tells).
void feedResponse(Response *response, const char *bytes, size_t length);

// Copies the text of the JSON member `name` out of a collected body; empty when the body has none.
void findMember(const Response *response, const char *name, char *out, size_t capacity);
