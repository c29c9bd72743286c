#include "apus_postgresql.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define APUS_FIELD(result, name, parameters, arguments) result(*name) parameters;
static struct {
    APUS_PQ_FUNCTIONS(APUS_FIELD)
    APUS_PQ_PIPELINE_FUNCTIONS(APUS_FIELD)
} table;

#define APUS_DEFINE(result, name, parameters, arguments) \
    result apus_##name parameters { return table.name arguments; }
APUS_PQ_FUNCTIONS(APUS_DEFINE)
APUS_PQ_PIPELINE_FUNCTIONS(APUS_DEFINE)

static pthread_once_t once = PTHREAD_ONCE_INIT;
static char reason[512];
static const char *failure;
static int has_pipelines;

static int find(void *library, const char *name, void *place) {
    void *symbol = dlsym(library, name);
    if (!symbol) {
        snprintf(reason, sizeof reason, "the library has no %s", name);
        failure = reason;
        return 0;
    }
    // POSIX permits dlsym to return functions, but ISO C has no conversion from void * to a function.
    memcpy(place, &symbol, sizeof symbol);
    return 1;
}

static int find_pipelines(void *library) {
    // A missing function is not a failure: an older library serves everything but pipelines.
    void *symbol;
#define APUS_FIND_OPTIONAL(result, name, parameters, arguments) \
    symbol = dlsym(library, #name); \
    if (!symbol) return 0; \
    memcpy(&table.name, &symbol, sizeof symbol);
    APUS_PQ_PIPELINE_FUNCTIONS(APUS_FIND_OPTIONAL)
    return 1;
}

static void load(void) {
    // The library stays loaded, because connections may use it until the process ends.
    void *library = dlopen("libpq.so.5", RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        const char *text = dlerror();
        snprintf(reason, sizeof reason, "%s", text ? text : "the reason is unknown");
        failure = reason;
        return;
    }
#define APUS_FIND(result, name, parameters, arguments) \
    if (!find(library, #name, &table.name)) return;
    APUS_PQ_FUNCTIONS(APUS_FIND)
    has_pipelines = find_pipelines(library);
}

const char *apus_load_libpq(void) {
    pthread_once(&once, load);
    return failure;
}

int apus_libpq_has_pipelines(void) {
    return has_pipelines;
}
