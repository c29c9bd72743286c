#ifndef APUS_FILES_H
#define APUS_FILES_H

#include "CEmbeddedFiles.h"

/// A table row for an array filled by `#embed`. An empty file makes an array of no length, which C refuses: the build
/// stops at it.
#define APUS_FILE(file_name, array) {.name = (file_name), .bytes = (array), .length = sizeof(array)}

/// A whole table as a list.
#define APUS_FILES(table) \
    (struct apus_embedded_files) { .files = (table), .count = sizeof(table) / sizeof((table)[0]) }

#endif
