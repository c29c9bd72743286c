#include "template.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAXIMUM_OPERATIONS = 8, MAXIMUM_NAME = 64 };

typedef struct {
    int variable;  // -1 for a constant
    long long constant;
} Operand;

typedef struct {
    Operand operands[MAXIMUM_OPERATIONS + 1];
    char operators[MAXIMUM_OPERATIONS];
    int operationCount;
} Expression;

typedef enum { PART_TEXT, PART_NUMBER, PART_LINE, PART_CAPTURE, PART_REPETITION } PartKind;

typedef struct {
    PartKind kind;
    char *text;
    size_t length;
    Expression expression;
    int index;  // index of the list or the capture
    long long turns;
    Template *inner;
    bool hasCommas;
} Part;

struct Template {
    Part *parts;
    size_t count;
};

_Noreturn void fail(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(2);
}

void append(Buffer *buffer, const char *bytes, size_t length) {
    if (buffer->length + length > buffer->capacity) {
        buffer->capacity = (buffer->length + length) * 2 + 256;
        buffer->bytes = realloc(buffer->bytes, buffer->capacity);
        if (!buffer->bytes) fail("out of memory");
    }
    memcpy(buffer->bytes + buffer->length, bytes, length);
    buffer->length += length;
}

int captureNumber(Names *names, const char *name) {
    for (int index = 0; index < names->captureCount; index++)
        if (strcmp(names->captures[index], name) == 0) return index;
    if (names->captureCount == MAXIMUM_CAPTURES) fail("too many captures");
    names->captures[names->captureCount] = strdup(name);
    return names->captureCount++;
}

static Operand parseOperand(const char **cursor) {
    const char *variables = "cinj";
    const char *found = **cursor ? strchr(variables, **cursor) : NULL;
    if (found) {
        (*cursor)++;
        return (Operand){.variable = (int)(found - variables)};
    }
    char *end;
    long long constant = strtoll(*cursor, &end, 10);
    if (end == *cursor) fail("expected a number or a variable: %.20s", *cursor);
    *cursor = end;
    return (Operand){.variable = -1, .constant = constant};
}

static Expression parseExpression(const char **cursor) {
    Expression expression = {.operands[0] = parseOperand(cursor)};
    while (**cursor && strchr("+-*/%", **cursor)) {
        if (expression.operationCount == MAXIMUM_OPERATIONS) fail("too many operations: %.20s", *cursor);
        expression.operators[expression.operationCount] = *(*cursor)++;
        expression.operands[++expression.operationCount] = parseOperand(cursor);
    }
    return expression;
}

// Parses "${{10|text}}"; the cursor is after the two braces.
static Part parseRepetition(const char **cursor, Names *names) {
    char *end;
    Part part = {.kind = PART_REPETITION, .hasCommas = true, .turns = strtoll(*cursor, &end, 10)};
    if (*end++ != '|') fail("a repetition needs a number and a bar: %.20s", *cursor);
    if (*end == '|') {
        part.hasCommas = false;
        end++;
    }
    // Count braces, because JSON in the text has some too.
    int depth = 2;
    const char *start = end;
    for (; *end && depth > 0; end++) depth += (*end == '{') - (*end == '}');
    if (depth > 0) fail("a repetition is not closed: %.20s", *cursor);
    char *inner = strndup(start, (size_t)(end - start) - 2);
    part.inner = parseTemplate(inner, names);
    free(inner);
    *cursor = end;
    return part;
}

// Parses "${…}"; the cursor is after the brace.
static Part parsePlaceholder(const char **cursor, Names *names) {
    char name[MAXIMUM_NAME];
    size_t length = strspn(*cursor, "abcdefghijklmnopqrstuvwxyz_");
    Part part = {.kind = PART_NUMBER};
    if (length > 1 && length < MAXIMUM_NAME) {
        memcpy(name, *cursor, length);
        name[length] = 0;
        *cursor += length;
        if (**cursor == '[') {
            (*cursor)++;
            part.kind = PART_LINE;
            part.index = -1;
            for (int index = 0; index < names->listCount; index++)
                if (strcmp(names->lists[index].name, name) == 0) part.index = index;
            if (part.index < 0) fail("unknown list %s", name);
            part.expression = parseExpression(cursor);
            if (*(*cursor)++ != ']') fail("no ] after %s", name);
        } else {
            part.kind = PART_CAPTURE;
            part.index = captureNumber(names, name);
        }
    } else {
        part.expression = parseExpression(cursor);
    }
    if (*(*cursor)++ != '}') fail("a placeholder is not closed: %.20s", *cursor - 1);
    return part;
}

Template *parseTemplate(const char *text, Names *names) {
    Template *template = calloc(1, sizeof *template);
    if (!template) fail("out of memory");
    while (*text) {
        Part part = {.kind = PART_TEXT};
        if (strncmp(text, "${{", 3) == 0) {
            text += 3;
            part = parseRepetition(&text, names);
        } else if (strncmp(text, "${", 2) == 0) {
            text += 2;
            part = parsePlaceholder(&text, names);
        } else {
            const char *next = strstr(text, "${");
            part.length = next ? (size_t)(next - text) : strlen(text);
            part.text = strndup(text, part.length);
            text += part.length;
        }
        template->parts = realloc(template->parts, (template->count + 1) * sizeof part);
        if (!template->parts) fail("out of memory");
        template->parts[template->count++] = part;
    }
    return template;
}

static long long evaluate(const Expression *expression, const Values *values) {
    unsigned long long result = 0;
    for (int index = 0; index <= expression->operationCount; index++) {
        const Operand *operand = &expression->operands[index];
        long long value = operand->variable < 0 ? operand->constant : values->variables[operand->variable];
        unsigned long long right = (unsigned long long)value;
        switch (index == 0 ? '=' : expression->operators[index - 1]) {
        case '=': result = right; break;
        case '+': result += right; break;
        case '-': result -= right; break;
        case '*': result *= right; break;
        case '/': result = right ? result / right : 0; break;
        case '%': result = right ? result % right : 0; break;
        }
    }
    return (long long)result;
}

static void appendNumber(Buffer *out, long long number) {
    char digits[24];
    char *end = digits + sizeof digits, *start = end;
    unsigned long long rest = number < 0 ? 0ULL - (unsigned long long)number : (unsigned long long)number;
    do *--start = (char)('0' + rest % 10);
    while (rest /= 10);
    if (number < 0) *--start = '-';
    append(out, start, (size_t)(end - start));
}

static void appendEncoded(Buffer *out, const char *text) {
    for (; *text; text++) {
        if (isalnum((unsigned char)*text)) {
            append(out, text, 1);
        } else {
            char code[4];
            snprintf(code, sizeof code, "%%%02X", (unsigned char)*text);
            append(out, code, 3);
        }
    }
}

void render(const Template *template, const Names *names, Values *values, bool isTarget, Buffer *out) {
    for (size_t index = 0; index < template->count; index++) {
        const Part *part = &template->parts[index];
        switch (part->kind) {
        case PART_TEXT: append(out, part->text, part->length); break;
        case PART_NUMBER: appendNumber(out, evaluate(&part->expression, values)); break;
        case PART_LINE: {
            const List *list = &names->lists[part->index];
            const char *line = list->lines[(unsigned long long)evaluate(&part->expression, values) % list->count];
            append(out, line, strlen(line));
            break;
        }
        case PART_CAPTURE: {
            const char *text = values->captured[part->index];
            if (isTarget) appendEncoded(out, text);
            else append(out, text, strlen(text));
            break;
        }
        case PART_REPETITION:
            for (long long turn = 0; turn < part->turns; turn++) {
                if (turn > 0 && part->hasCommas) append(out, ",", 1);
                values->variables[VARIABLE_J] = turn;
                render(part->inner, names, values, isTarget, out);
            }
            break;
        }
    }
}
