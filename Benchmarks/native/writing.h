// Writes JSON into a buffer that grows.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct {
    char *bytes;
    size_t length, capacity;
} Text;

// Makes room for that many bytes more, and returns where they go; the caller adds to `length` what it has written.
char *roomFor(Text *text, size_t count);

// Bytes as they are. Inline, so that the lengths of literals are known to the compiler.
static inline void addBytes(Text *text, const char *bytes, size_t length) {
    memcpy(text->length + length > text->capacity ? roomFor(text, length) : text->bytes + text->length, bytes, length);
    text->length += length;
}

// JSON that is complete as it stands.
static inline void addRaw(Text *text, const char *json) { addBytes(text, json, strlen(json)); }

// A string, quoted; what must be escaped is.
void addString(Text *text, const char *string);

void addInteger(Text *text, int64_t value);

// A finite number by the fewest digits that mean it, as Apus writes it.
void addDouble(Text *text, double value);
