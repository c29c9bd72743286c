// The script of a load: what each connection repeats. Its form is described in load.c.
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
    int more;  // capture that makes the step repeat, or -1
} Step;

typedef struct {
    Names names;
    Step steps[MAXIMUM_STEPS];
    size_t stepCount;
} Script;

// Reads a script; ends the process with a message when it makes no sense.
Script readScript(const char *path);
