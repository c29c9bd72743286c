#ifndef APUS_PATTERNS_H
#define APUS_PATTERNS_H

#include <sqlite3.h>

/// Asked now and again by long work; anything but 0 ends it with SQLITE_INTERRUPT.
typedef int (*ApusLook)(void *context);

/// Adds two SQL functions to a connection, each of a text and a pattern of the search language:
///
/// - `is_like(text, pattern)` answers what SQLite's `text LIKE pattern` answers under `PRAGMA case_sensitive_like = ON`,
/// - `is_ilike(text, pattern)` what `lower(text) LIKE lower(pattern)` answers there.
///
/// SQLite's own LIKE compares a pattern anew at each place of a text, so that a long one takes time in proportion to the
/// product of both lengths, within one step that nothing can stop. These take time in proportion to the text; with
/// underscores, to the text times the 64th part of the pattern. `look` is asked after each mebibyte of work.
///
/// Returns SQLITE_OK or SQLite's code.
int apus_add_patterns(sqlite3 *database, ApusLook look, void *context);

#endif
