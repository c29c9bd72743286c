#include "writing.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "measure.h"

char *roomFor(Text *text, size_t count) {
    if (text->length + count > text->capacity) {
        text->capacity = (text->length + count) * 2;
        text->bytes = realloc(text->bytes, text->capacity);
        if (!text->bytes) fail("out of memory");
    }
    return text->bytes + text->length;
}

void addString(Text *text, const char *string) {
    addRaw(text, "\"");
    while (*string) {
        size_t plain = 0;
        while ((unsigned char)string[plain] >= ' ' && string[plain] != '"' && string[plain] != '\\') plain++;
        addBytes(text, string, plain);
        string += plain;
        if (*string) text->length += (size_t)sprintf(roomFor(text, 8), "\\u%04x", (unsigned char)*string++);
    }
    addRaw(text, "\"");
}

void addInteger(Text *text, int64_t value) {
    char digits[24], *first = digits + sizeof digits;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do *--first = (char)('0' + rest % 10);
    while (rest /= 10);
    if (value < 0) *--first = '-';
    addBytes(text, first, (size_t)(digits + sizeof digits - first));
}

void addDouble(Text *text, double value) {
    if (value == floor(value) && fabs(value) < 1e15) {
        addInteger(text, (int64_t)value);
        addRaw(text, ".0");
        return;
    }
    for (int digits = 15; digits <= 17; digits++) {
        int length = sprintf(roomFor(text, 32), "%.*g", digits, value);
        if (digits == 17 || strtod(text->bytes + text->length, NULL) == value) {
            text->length += (size_t)length;
            return;
        }
    }
}
