#ifndef APUS_EMBEDDED_FILES_H
#define APUS_EMBEDDED_FILES_H

#include <stddef.h>

/// A file of the repository inside the binary. All of it is read-only and lives as long as the process.
struct apus_embedded_file {
    /// The file's path beneath its folder of the repository, such as core/dom.js, NUL-terminated.
    const char *_Nonnull name;
    /// The file's bytes as they are in the repository; no NUL is added.
    const unsigned char *_Nonnull bytes;
    /// The number of bytes; it may be zero.
    size_t length;
};

/// A list of embedded files.
struct apus_embedded_files {
    const struct apus_embedded_file *_Nonnull files;
    size_t count;
};

/// The files of migrations/ in the order in which they are applied.
struct apus_embedded_files apus_migrations(void);

/// The files of schemas/, databases of others that are written.
struct apus_embedded_files apus_schemas(void);

/// The files of static/ and its folders, the pages that a browser gets.
struct apus_embedded_files apus_static_files(void);

#endif
