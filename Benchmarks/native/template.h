// Templates of requests, with parts that change from request to request.
//
//   ${n}                 the iteration's number among all connections; c: connection, i: iteration of the
//                        connection, j: turn of the innermost repetition
//   ${n*31+j%100}        arithmetic from left to right, without precedence: ((n * 31) + j) % 100
//   ${runs[c]}           line c (modulo the number of lines) of the list "runs"
//   ${run_id}            what the step with "capture run_id" last found in an answer, empty before that
//   ${{10|{"k":${j}}}}   ten times the text after the bar, separated by commas; not nested
//   ${{64||abc}}         sixty-four times, without a separator
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum { VARIABLE_C, VARIABLE_I, VARIABLE_N, VARIABLE_J, VARIABLE_COUNT };
enum { MAXIMUM_CAPTURES = 4, CAPTURE_BYTES = 1024, MAXIMUM_LISTS = 4 };

typedef struct {
    char *bytes;
    size_t length, capacity;
} Buffer;

typedef struct {
    char *name;
    char **lines;
    size_t count;
} List;

// The lists and the captures that a script declares.
typedef struct {
    List lists[MAXIMUM_LISTS];
    int listCount;
    char *captures[MAXIMUM_CAPTURES];
    int captureCount;
} Names;

typedef struct {
    long long variables[VARIABLE_COUNT];
    char captured[MAXIMUM_CAPTURES][CAPTURE_BYTES];
} Values;

typedef struct Template Template;

// Appends bytes; exits if out of memory.
void append(Buffer *buffer, const char *bytes, size_t length);

// Parses a template; exits with a message if it is invalid.
Template *parseTemplate(const char *text, Names *names);

// Appends the text of one request. Captures are percent-encoded in a request target, and copied unchanged into a body.
void render(const Template *template, const Names *names, Values *values, bool isTarget, Buffer *out);

// The index of a capture, which is added if it is new.
int captureNumber(Names *names, const char *name);

_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
