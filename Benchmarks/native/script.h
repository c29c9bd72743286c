// The script that each connection repeats; load.c describes its format.
#pragma once

#include "template.h"

enum { MAXIMUM_STEPS = 8 };

typedef struct {
    char *method;
    char *type;
    Template *target;
    Template *body;  // NULL for none
    int captures[MAXIMUM_CAPTURES];
    int captureCount;
    int more;  // the capture for which the step repeats, or -1
} Step;

typedef struct {
    Names names;
    Step steps[MAXIMUM_STEPS];
    size_t stepCount;
} Script;

// Reads a script; exits with a message if it is invalid.
Script readScript(const char *path);
