#ifndef APUS_SQLITE_SETUP_H
#define APUS_SQLITE_SETUP_H

#include <sqlite3.h>

#include "ApusPatterns.h"

/// The name of the VFS for writing connections, to be passed to sqlite3_open_v2.
///
/// The VFS writes the write-ahead log (WAL) in large pieces. SQLite writes each WAL frame with two system calls, of 24
/// and of 4,096 bytes, at offsets that straddle pages. This VFS collects consecutive writes and passes them on, up to
/// 128 KiB at once, when SQLite syncs, reads, measures or truncates the WAL, or writes elsewhere in it. All other files
/// go directly to SQLite's own VFS.
///
/// Use it only with `synchronous` FULL or EXTRA: then other connections see a commit only after its sync. With a lower
/// setting, SQLite would publish the commit before its bytes are in the file.
#define APUS_LOG_BUFFERING_FILES "apus"

/// Initialises SQLite: switches its memory statistics off, which cost a lock per allocation, and registers the VFS
/// above, without making it the default.
///
/// Call it before any other use of SQLite. A second call does nothing. Returns SQLITE_OK or SQLite's error code.
int apus_set_up_sqlite(void);

/// Drops the unwritten bytes of a transaction when it is rolled back. Call it right after opening a connection with the
/// VFS above. Uses the connection's rollback hook.
void apus_watch_rollbacks(sqlite3 *database);

/// Makes SQLite keep the WAL when the last connection closes; by default it checkpoints and removes the WAL.
void apus_keep_log_when_closed(sqlite3 *database);

/// Makes what was written to the database file durable; the WAL is another file. Returns SQLITE_OK or SQLite's error code.
int apus_sync_database(sqlite3 *database);

#endif
