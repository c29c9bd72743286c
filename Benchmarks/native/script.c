#include "script.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static FILE *openText(const char *path) {
    FILE *file = fopen(path, "r");
    if (!file) fail("%s: %s", path, strerror(errno));
    return file;
}

static ssize_t readLine(FILE *file, char **line, size_t *capacity) {
    ssize_t length = getline(line, capacity, file);
    if (length > 0 && (*line)[length - 1] == '\n') (*line)[--length] = 0;
    return length;
}

static void readList(Names *names, char *declaration) {
    char *path = strchr(declaration, ' ');
    if (!path || names->listCount == MAXIMUM_LISTS) fail("list: name and file, at most %d", MAXIMUM_LISTS);
    *path++ = 0;
    List *list = &names->lists[names->listCount++];
    list->name = strdup(declaration);
    FILE *file = openText(path);
    char *line = NULL;
    size_t capacity = 0;
    while (readLine(file, &line, &capacity) > 0) {
        list->lines = realloc(list->lines, (list->count + 1) * sizeof *list->lines);
        if (!list->lines) fail("out of memory");
        list->lines[list->count++] = strdup(line);
    }
    free(line);
    fclose(file);
    if (list->count == 0) fail("%s is empty", path);
}

static void beginStep(Script *script, char *declaration) {
    char *target = strchr(declaration, ' ');
    if (!target || script->stepCount == MAXIMUM_STEPS) fail("step: method and target, at most %d", MAXIMUM_STEPS);
    *target++ = 0;
    script->steps[script->stepCount++] = (Step){.method = strdup(declaration),
                                                .type = "application/json",
                                                .target = parseTemplate(target, &script->names),
                                                .more = -1};
}

static void addCapture(Script *script, Step *step, const char *name, bool isForMore) {
    if (step->captureCount == MAXIMUM_CAPTURES) fail("too many captures in one step");
    int capture = captureNumber(&script->names, name);
    step->captures[step->captureCount++] = capture;
    if (isForMore) step->more = capture;
}

Script readScript(const char *path) {
    Script script = {0};
    FILE *file = openText(path);
    char *line = NULL;
    size_t capacity = 0;
    while (readLine(file, &line, &capacity) >= 0) {
        char *rest = strchr(line, ' ');
        if (line[0] == 0 || line[0] == '#') continue;
        if (!rest) fail("%s: a line without a value: %.40s", path, line);
        *rest++ = 0;
        Step *step = script.stepCount ? &script.steps[script.stepCount - 1] : NULL;
        if (strcmp(line, "list") == 0) readList(&script.names, rest);
        else if (strcmp(line, "step") == 0) beginStep(&script, rest);
        else if (!step) fail("%s: %s before the first step", path, line);
        else if (strcmp(line, "type") == 0) step->type = strdup(rest);
        else if (strcmp(line, "capture") == 0) addCapture(&script, step, rest, false);
        else if (strcmp(line, "more") == 0) addCapture(&script, step, rest, true);
        else if (strcmp(line, "body") == 0) step->body = parseTemplate(rest, &script.names);
        else fail("%s: unknown instruction %s", path, line);
    }
    free(line);
    fclose(file);
    if (script.stepCount == 0) fail("%s has no step", path);
    return script;
}
