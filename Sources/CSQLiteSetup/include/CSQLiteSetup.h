#ifndef APUS_SQLITE_SETUP_H
#define APUS_SQLITE_SETUP_H

#include <sqlite3.h>

#include "ApusPatterns.h"

/// The file system for connections that write, by the name that sqlite3_open_v2 takes.
///
/// It writes the write-ahead log in large pieces. SQLite itself hands each frame of the log to the operating system in
/// two calls, of 24 and of 4,096 bytes, at addresses that straddle pages. This file system collects what is written one
/// piece after the other and passes it on, up to 128 KiB at once, when SQLite syncs, reads, measures or cuts the log, or
/// writes elsewhere in it. All other files go to SQLite's own file system untouched.
///
/// For connections with `synchronous` FULL or EXTRA, where a commit is shown to other connections only after the sync
/// that wrote it; with less SQLite publishes it without a sync.
#define APUS_LOG_BUFFERING_FILES "apus"

/// Prepares SQLite: switches its memory statistics off, which cost a lock per allocation, and registers the file system
/// above beside its own, which stays the default.
///
/// Call it before anything else of SQLite. A second call does nothing. Returns SQLITE_OK or SQLite's code.
int apus_set_up_sqlite(void);

/// For each connection that was opened with the file system above, at once: drops what a rolled back transaction has
/// left unwritten. Uses the connection's rollback hook.
void apus_watch_rollbacks(sqlite3 *database);

/// Keeps the write-ahead log when the last connection is closed, which else copies it into the database and removes it.
void apus_keep_log_when_closed(sqlite3 *database);

#endif
