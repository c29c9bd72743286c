#include "CSQLiteSetup.h"

#include <stdlib.h>
#include <string.h>

// SQLite's unix VFS takes the length of one write modulo 0x20000 (os_unix.c, seekAndWriteFd).
enum { CAPACITY = 0x1ffff };

/// An open write-ahead log (WAL). The file object of SQLite's own VFS follows it in the same allocation.
typedef struct {
    sqlite3_file base;
    unsigned char *pending;  // allocated at the first write
    sqlite3_int64 start;     // file offset of the pending bytes
    int count;
} BufferedLog;

static sqlite3_vfs *systemFiles;
static sqlite3_vfs bufferingFiles;

static sqlite3_file *inner(sqlite3_file *file) {
    return (sqlite3_file *)((BufferedLog *)file + 1);
}

// If the write fails, the bytes are dropped: SQLite then rolls back the transaction that they belong to.
static int writePending(sqlite3_file *file) {
    BufferedLog *log = (BufferedLog *)file;
    if (log->count == 0) return SQLITE_OK;
    int result = inner(file)->pMethods->xWrite(inner(file), log->pending, log->count, log->start);
    log->count = 0;
    return result;
}

// Pending bytes belong to no commit here, because a commit would have synced them.
static int closeLog(sqlite3_file *file) {
    free(((BufferedLog *)file)->pending);
    return inner(file)->pMethods->xClose(inner(file));
}

static int writeLog(sqlite3_file *file, const void *bytes, int count, sqlite3_int64 offset) {
    BufferedLog *log = (BufferedLog *)file;
    if (log->count > 0 && (offset != log->start + log->count || count > CAPACITY - log->count)) {
        int result = writePending(file);
        if (result != SQLITE_OK) return result;
    }
    if (count > CAPACITY) return inner(file)->pMethods->xWrite(inner(file), bytes, count, offset);
    if (!log->pending && !(log->pending = malloc(CAPACITY))) return SQLITE_IOERR_NOMEM;
    if (log->count == 0) log->start = offset;
    memcpy(log->pending + log->count, bytes, (size_t)count);
    log->count += count;
    return SQLITE_OK;
}

static int readLog(sqlite3_file *file, void *bytes, int count, sqlite3_int64 offset) {
    int result = writePending(file);
    return result != SQLITE_OK ? result : inner(file)->pMethods->xRead(inner(file), bytes, count, offset);
}

static int truncateLog(sqlite3_file *file, sqlite3_int64 size) {
    int result = writePending(file);
    return result != SQLITE_OK ? result : inner(file)->pMethods->xTruncate(inner(file), size);
}

static int syncLog(sqlite3_file *file, int flags) {
    int result = writePending(file);
    return result != SQLITE_OK ? result : inner(file)->pMethods->xSync(inner(file), flags);
}

static int logSize(sqlite3_file *file, sqlite3_int64 *size) {
    int result = writePending(file);
    return result != SQLITE_OK ? result : inner(file)->pMethods->xFileSize(inner(file), size);
}

static int lockLog(sqlite3_file *file, int level) {
    return inner(file)->pMethods->xLock(inner(file), level);
}

static int unlockLog(sqlite3_file *file, int level) {
    return inner(file)->pMethods->xUnlock(inner(file), level);
}

static int checkReservedLock(sqlite3_file *file, int *isReserved) {
    return inner(file)->pMethods->xCheckReservedLock(inner(file), isReserved);
}

static int controlLog(sqlite3_file *file, int operation, void *argument) {
    return inner(file)->pMethods->xFileControl(inner(file), operation, argument);
}

static int sectorSize(sqlite3_file *file) {
    return inner(file)->pMethods->xSectorSize(inner(file));
}

static int deviceCharacteristics(sqlite3_file *file) {
    return inner(file)->pMethods->xDeviceCharacteristics(inner(file));
}

// Version 1: SQLite uses shared memory and memory mapping only on the database file, not on the WAL.
static const sqlite3_io_methods logMethods = {
    .iVersion = 1,
    .xClose = closeLog,
    .xRead = readLog,
    .xWrite = writeLog,
    .xTruncate = truncateLog,
    .xSync = syncLog,
    .xFileSize = logSize,
    .xLock = lockLog,
    .xUnlock = unlockLog,
    .xCheckReservedLock = checkReservedLock,
    .xFileControl = controlLog,
    .xSectorSize = sectorSize,
    .xDeviceCharacteristics = deviceCharacteristics,
};

static int openFile(sqlite3_vfs *files, const char *path, sqlite3_file *file, int flags, int *outFlags) {
    (void)files;
    if (!(flags & SQLITE_OPEN_WAL)) return systemFiles->xOpen(systemFiles, path, file, flags, outFlags);
    memset(file, 0, sizeof(BufferedLog));
    int result = systemFiles->xOpen(systemFiles, path, inner(file), flags, outFlags);
    // SQLite closes a file only if its methods are set; even a failed open may leave an inner file to close.
    if (inner(file)->pMethods) file->pMethods = &logMethods;
    return result;
}

// After a rollback another connection may write the WAL at the same offset, so the pending bytes are dropped.
static void dropPending(void *database) {
    sqlite3_file *log = NULL;
    int result = sqlite3_file_control(database, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
    if (result == SQLITE_OK && log && log->pMethods == &logMethods) ((BufferedLog *)log)->count = 0;
}

void apus_watch_rollbacks(sqlite3 *database) {
    sqlite3_rollback_hook(database, dropPending, database);
}

void apus_keep_log_when_closed(sqlite3 *database) {
    sqlite3_db_config(database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, (int *)NULL);
}

int apus_sync_database(sqlite3 *database) {
    sqlite3_file *file = NULL;
    int result = sqlite3_file_control(database, "main", SQLITE_FCNTL_FILE_POINTER, &file);
    // A database in memory has no methods.
    if (result != SQLITE_OK || !file || !file->pMethods) return result;
    return file->pMethods->xSync(file, SQLITE_SYNC_NORMAL);
}

int apus_set_up_sqlite(void) {
    if (systemFiles) return SQLITE_OK;
    // Fails if SQLite is already initialised; SQLite then keeps its memory statistics, which does no harm.
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    int result = sqlite3_initialize();
    if (result != SQLITE_OK) return result;
    systemFiles = sqlite3_vfs_find(NULL);
    if (!systemFiles) return SQLITE_ERROR;
    bufferingFiles = *systemFiles;
    bufferingFiles.pNext = NULL;
    bufferingFiles.zName = APUS_LOG_BUFFERING_FILES;
    bufferingFiles.szOsFile = (int)sizeof(BufferedLog) + systemFiles->szOsFile;
    bufferingFiles.xOpen = openFile;
    return sqlite3_vfs_register(&bufferingFiles, 0);
}
