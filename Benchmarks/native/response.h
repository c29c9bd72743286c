// Parses one HTTP/1.1 response at a time as bytes arrive, with Content-Length or chunked.
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
    bool closes;              // the server closes the connection after this response
    unsigned long long rest;  // bytes of the body or chunk that are still missing
    bool keepsBody;           // whether to keep the body; an error body is always kept
    Buffer line;              // the head, or a line between chunks
    Buffer body;
    unsigned long long bodyBytes;
    unsigned long long braces;  // the number of '{' in the body, to count points or runs
} Response;

// Prepares for the next response; reuses the buffers.
void startResponse(Response *response, bool keepsBody);

// Parses bytes until the response is complete or broken, as `state` tells.
void feedResponse(Response *response, const char *bytes, size_t length);

// Copies the string value of the JSON member `name` out of a kept body; empty if there is none.
void findMember(const Response *response, const char *name, char *out, size_t capacity);
