// Writes JSON into a buffer that grows.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct {
    char *bytes;
    size_t length, capacity;
} Text;

// Reserves `count` more bytes and returns where they start; the caller adds to `length` what it has written.
char *roomFor(Text *text, size_t count);

// Appends bytes unchanged. Inline, so that the compiler knows the lengths of literals.
static inline void addBytes(Text *text, const char *bytes, size_t length) {
    memcpy(text->length + length > text->capacity ? roomFor(text, length) : text->bytes + text->length, bytes, length);
    text->length += length;
}

// Appends complete JSON.
static inline void addRaw(Text *text, const char *json) { addBytes(text, json, strlen(json)); }

// Appends a string with quotes and escapes.
void addString(Text *text, const char *string);

void addInteger(Text *text, int64_t value);

// Appends a finite number with the fewest digits that read back as the same value, like Apus.
void addDouble(Text *text, double value);
