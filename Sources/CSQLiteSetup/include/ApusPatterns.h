#ifndef APUS_PATTERNS_H
#define APUS_PATTERNS_H

#include <sqlite3.h>

/// Called regularly during long work; any result but 0 ends the work with SQLITE_INTERRUPT.
typedef int (*ApusLook)(void *context);

/// Adds two SQL functions to a connection, which match a text against a LIKE pattern:
///
/// - `is_like(text, pattern)` returns the result of `text LIKE pattern` under `PRAGMA case_sensitive_like = ON`,
/// - `is_ilike(text, pattern)` the result of `lower(text) LIKE lower(pattern)` under the same pragma.
///
/// SQLite's LIKE compares the pattern anew at each position of the text, so its time is proportional to the product of
/// both lengths, within one step that cannot be interrupted. These functions take time proportional to the text; if the
/// pattern has underscores, to the text times a 64th of the pattern. `look` is called after each 64 KiB of work.
///
/// Returns SQLITE_OK or SQLite's error code.
int apus_add_patterns(sqlite3 *database, ApusLook look, void *context);

#endif
