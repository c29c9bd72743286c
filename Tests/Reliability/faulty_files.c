// Loaded before the C library (LD_PRELOAD), it stands between a program and the files below one folder. It makes chosen
// calls fail, and records every change in order, so that a test can build what a power cut would have left.
//
// RELIABILITY_ROOT names the folder, RELIABILITY_CONTROL a file that says what fails (faulty_files.py lays it out and may
// change it at any time), RELIABILITY_RECORD the file to which changes are appended.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

// The order of faulty_files.py.
enum call { WRITE, SYNC, TRUNCATE, RENAME, OPEN, UNLINK, MKDIR, MAP, READ, ALLOCATE, LINK };
enum place { DATABASE, LOG, INDEX, LOCK, ARTIFACT, OTHER };

struct control {
    _Atomic uint64_t isArmed;
    _Atomic uint64_t calls;      // a bit for each call
    _Atomic uint64_t places;     // a bit for each place
    _Atomic int64_t countdown;   // matching calls that still pass
    _Atomic int64_t repeats;     // how many calls fail then
    _Atomic uint64_t error;      // errno
    _Atomic uint64_t writesHalf; // a write stores half of its bytes, and says so
    _Atomic uint64_t fired;
};

enum operation { CREATE = 1, STORE, RESIZE, FILE_SYNC, FOLDER_SYNC, MOVE, REMOVE, NAME, FOLDER };

struct record {
    uint32_t operation;
    uint32_t pathLength;
    uint32_t dataLength;
    uint32_t zero;
    uint64_t file;
    uint64_t number;
};

static struct control *control;
static char root[PATH_MAX];
static size_t rootLength;
static int recordFile = -1;
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;

#define REAL(name, result, ...) \
    static result (*real)(__VA_ARGS__); \
    if (!real) real = (result (*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

static ssize_t realWritev(int file, const struct iovec *parts, int count) {
    REAL("writev", ssize_t, int, const struct iovec *, int);
    return real(file, parts, count);
}

static int realOpen(const char *path, int flags, mode_t mode) {
    REAL("open64", int, const char *, int, ...);
    return real(path, flags, mode);
}

__attribute__((constructor)) static void begin(void) {
    const char *folder = getenv("RELIABILITY_ROOT");
    if (!folder) return;
    rootLength = strlen(folder);
    if (rootLength >= sizeof root) abort();
    memcpy(root, folder, rootLength + 1);
    const char *path = getenv("RELIABILITY_CONTROL");
    if (path) {
        int file = realOpen(path, O_RDWR | O_CLOEXEC, 0);
        void *memory = file < 0 ? MAP_FAILED : mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
        if (memory == MAP_FAILED) abort();
        control = memory;
    }
    path = getenv("RELIABILITY_RECORD");
    if (path && (recordFile = realOpen(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)) < 0) abort();
}

static int isWatched(void) {
    return rootLength && (recordFile >= 0 || (control && atomic_load(&control->isArmed)));
}

static int isBelowRoot(const char *path) {
    return strncmp(path, root, rootLength) == 0 && (path[rootLength] == '/' || path[rootLength] == 0);
}

// The path of an open file below the root; false for any other.
static int pathOfFile(int file, char *path) {
    char link[32];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    if (length <= 0) return 0;
    path[length] = 0;
    return isBelowRoot(path);
}

// The absolute path of a name in a folder; false if it is not below the root.
static int pathOfName(int folder, const char *name, char *path) {
    if (name[0] == '/') {
        snprintf(path, PATH_MAX, "%s", name);
    } else {
        char parent[PATH_MAX];
        if (folder == AT_FDCWD) {
            if (!getcwd(parent, sizeof parent)) return 0;
        } else if (!pathOfFile(folder, parent)) {
            return 0;
        }
        if (snprintf(path, PATH_MAX, "%s/%s", parent, name) >= PATH_MAX) return 0;
    }
    return isBelowRoot(path);
}

static enum place placeOf(const char *path) {
    const char *rest = path + rootLength;
    if (strncmp(rest, "/artifacts", 10) == 0) return ARTIFACT;
    if (strcmp(rest, "/apus.db") == 0) return DATABASE;
    if (strcmp(rest, "/apus.db-wal") == 0 || strcmp(rest, "/apus.db-journal") == 0) return LOG;
    if (strcmp(rest, "/apus.db-shm") == 0) return INDEX;
    if (strcmp(rest, "/apus.db.lock") == 0) return LOCK;
    return OTHER;
}

// Whether a call on a path fails now; sets errno.
static int fails(enum call call, const char *path) {
    if (!control || !atomic_load(&control->isArmed)) return 0;
    if (!(atomic_load(&control->calls) >> call & 1) || !(atomic_load(&control->places) >> placeOf(path) & 1)) return 0;
    if (atomic_fetch_sub(&control->countdown, 1) > 0) return 0;
    if (atomic_fetch_sub(&control->repeats, 1) <= 0) return 0;
    atomic_fetch_add(&control->fired, 1);
    errno = (int)atomic_load(&control->error);
    return 1;
}

static void append(enum operation operation, uint64_t file, uint64_t number, const char *path, const void *data, size_t count) {
    struct record record = {operation, path ? (uint32_t)strlen(path) : 0, (uint32_t)count, 0, file, number};
    struct iovec parts[3] = {
        {&record, sizeof record}, {(void *)(path ? path : ""), record.pathLength}, {(void *)(data ? data : ""), count}};
    ssize_t whole = (ssize_t)(sizeof record + record.pathLength + count);
    if (realWritev(recordFile, parts, 3) != whole) abort();
}

static uint64_t numberOf(int file) {
    struct stat status;
    return fstat(file, &status) == 0 ? (uint64_t)status.st_ino : 0;
}

static void lock(void) {
    if (recordFile >= 0) pthread_mutex_lock(&turn);
}

static void unlock(void) {
    int error = errno;
    if (recordFile >= 0) pthread_mutex_unlock(&turn);
    errno = error;
}

// How many bytes a write may store; -1 if it fails.
static ssize_t allowed(const char *path, size_t count) {
    if (!fails(WRITE, path)) return (ssize_t)count;
    return atomic_load(&control->writesHalf) && count > 1 ? (ssize_t)(count / 2) : -1;
}

static void noteWrite(int file, const void *bytes, ssize_t count, off64_t offset) {
    if (recordFile < 0 || count <= 0) return;
    append(STORE, numberOf(file), (uint64_t)offset, NULL, bytes, (size_t)count);
}

ssize_t write(int file, const void *bytes, size_t count) {
    REAL("write", ssize_t, int, const void *, size_t);
    char path[PATH_MAX];
    if (!isWatched() || !pathOfFile(file, path)) return real(file, bytes, count);
    ssize_t most = allowed(path, count);
    if (most < 0) return -1;
    lock();
    ssize_t result = real(file, bytes, (size_t)most);
    if (result > 0) noteWrite(file, bytes, result, lseek64(file, 0, SEEK_CUR) - result);
    unlock();
    return result;
}

ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t offset) {
    REAL("pwrite64", ssize_t, int, const void *, size_t, off64_t);
    char path[PATH_MAX];
    if (!isWatched() || !pathOfFile(file, path)) return real(file, bytes, count, offset);
    ssize_t most = allowed(path, count);
    if (most < 0) return -1;
    lock();
    ssize_t result = real(file, bytes, (size_t)most, offset);
    noteWrite(file, bytes, result, offset);
    unlock();
    return result;
}

ssize_t pwrite(int file, const void *bytes, size_t count, off_t offset) { return pwrite64(file, bytes, count, offset); }

ssize_t writev(int file, const struct iovec *parts, int count) {
    char path[PATH_MAX];
    if (!isWatched() || !pathOfFile(file, path)) return realWritev(file, parts, count);
    // Callers go on after a short write.
    return count > 0 ? write(file, parts[0].iov_base, parts[0].iov_len) : 0;
}

// Callers read and write instead where a file system cannot do these.
ssize_t copy_file_range(int from, off64_t *fromOffset, int to, off64_t *toOffset, size_t count, unsigned flags) {
    REAL("copy_file_range", ssize_t, int, off64_t *, int, off64_t *, size_t, unsigned);
    char path[PATH_MAX];
    if (!isWatched() || !pathOfFile(to, path)) return real(from, fromOffset, to, toOffset, count, flags);
    errno = EXDEV;
    return -1;
}

int ioctl(int file, unsigned long request, ...) {
    REAL("ioctl", int, int, unsigned long, ...);
    va_list arguments;
    va_start(arguments, request);
    void *argument = va_arg(arguments, void *);
    va_end(arguments);
    const unsigned long ficlone = _IOW(0x94, 9, int);
    if (request == ficlone && isWatched()) {
        errno = EOPNOTSUPP;
        return -1;
    }
    return real(file, request, argument);
}

static int synchronize(int file, int (*real)(int)) {
    char path[PATH_MAX];
    if (!isWatched() || !pathOfFile(file, path)) return real(file);
    if (fails(SYNC, path)) return -1;
    // What is written while the disk is at work is not part of this sync: the record then shows it behind it.
    lock();
    int result = real(file);
    if (recordFile >= 0 && result == 0) {
        struct stat status;
        if (fstat(file, &status) == 0) {
            append(S_ISDIR(status.st_mode) ? FOLDER_SYNC : FILE_SYNC, status.st_ino, 0, path, NULL, 0);
        }
    }
    unlock();
    return result;
}

int fsync(int file) {
    REAL("fsync", int, int);
    return synchronize(file, real);
}

int fdatasync(int file) {
    REAL("fdatasync", int, int);
    return synchronize(file, real);
}

// Starts to write, or waits for it; without the disk's flush nothing is durable, so the record does not have it.
int sync_file_range(int file, off64_t offset, off64_t count, unsigned int flags) {
    REAL("sync_file_range", int, int, off64_t, off64_t, unsigned int);
    char path[PATH_MAX];
    if (isWatched() && pathOfFile(file, path) && fails(SYNC, path)) return -1;
    return real(file, offset, count, flags);
}

int ftruncate64(int file, off64_t size) {
    REAL("ftruncate64", int, int, off64_t);
    char path[PATH_MAX];
    if (!isWatched() || !pathOfFile(file, path)) return real(file, size);
    if (fails(TRUNCATE, path)) return -1;
    lock();
    int result = real(file, size);
    if (recordFile >= 0 && result == 0) append(RESIZE, numberOf(file), (uint64_t)size, NULL, NULL, 0);
    unlock();
    return result;
}

int ftruncate(int file, off_t size) { return ftruncate64(file, size); }

int fallocate64(int file, int mode, off64_t offset, off64_t length) {
    REAL("fallocate64", int, int, int, off64_t, off64_t);
    char path[PATH_MAX];
    if (!isWatched() || !pathOfFile(file, path)) return real(file, mode, offset, length);
    if (fails(ALLOCATE, path)) return -1;
    if (recordFile < 0) return real(file, mode, offset, length);
    errno = EOPNOTSUPP;
    return -1;
}

int fallocate(int file, int mode, off_t offset, off_t length) { return fallocate64(file, mode, offset, length); }

int renameat2(int fromFolder, const char *from, int toFolder, const char *to, unsigned flags) {
    REAL("renameat2", int, int, const char *, int, const char *, unsigned);
    char old[PATH_MAX], new[PATH_MAX];
    if (!isWatched() || !pathOfName(fromFolder, from, old) || !pathOfName(toFolder, to, new)) {
        return real(fromFolder, from, toFolder, to, flags);
    }
    if (fails(RENAME, new)) return -1;
    lock();
    int result = real(fromFolder, from, toFolder, to, flags);
    if (recordFile >= 0 && result == 0) append(MOVE, 0, 0, old, new, strlen(new));
    unlock();
    return result;
}

int renameat(int fromFolder, const char *from, int toFolder, const char *to) {
    return renameat2(fromFolder, from, toFolder, to, 0);
}

int rename(const char *from, const char *to) { return renameat2(AT_FDCWD, from, AT_FDCWD, to, 0); }

int unlinkat(int folder, const char *name, int flags) {
    REAL("unlinkat", int, int, const char *, int);
    char path[PATH_MAX];
    if (!isWatched() || !pathOfName(folder, name, path)) return real(folder, name, flags);
    if (fails(UNLINK, path)) return -1;
    lock();
    int result = real(folder, name, flags);
    if (recordFile >= 0 && result == 0) append(REMOVE, 0, 0, path, NULL, 0);
    unlock();
    return result;
}

int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }

int rmdir(const char *path) { return unlinkat(AT_FDCWD, path, AT_REMOVEDIR); }

int mkdirat(int folder, const char *name, mode_t mode) {
    REAL("mkdirat", int, int, const char *, mode_t);
    char path[PATH_MAX];
    if (!isWatched() || !pathOfName(folder, name, path)) return real(folder, name, mode);
    if (fails(MKDIR, path)) return -1;
    lock();
    int result = real(folder, name, mode);
    if (recordFile >= 0 && result == 0) append(FOLDER, 0, 0, path, NULL, 0);
    unlock();
    return result;
}

int mkdir(const char *path, mode_t mode) { return mkdirat(AT_FDCWD, path, mode); }

int linkat(int fromFolder, const char *from, int toFolder, const char *to, int flags) {
    REAL("linkat", int, int, const char *, int, const char *, int);
    char path[PATH_MAX];
    if (!isWatched() || !pathOfName(toFolder, to, path)) return real(fromFolder, from, toFolder, to, flags);
    if (fails(LINK, path)) return -1;
    lock();
    int result = real(fromFolder, from, toFolder, to, flags);
    if (recordFile >= 0 && result == 0) {
        struct stat status;
        if (fstatat(AT_FDCWD, path, &status, AT_SYMLINK_NOFOLLOW) == 0) append(NAME, status.st_ino, 0, path, NULL, 0);
    }
    unlock();
    return result;
}

int link(const char *from, const char *to) { return linkat(AT_FDCWD, from, AT_FDCWD, to, 0); }

static int openFile(int folder, const char *name, int flags, mode_t mode) {
    REAL("openat64", int, int, const char *, int, ...);
    char path[PATH_MAX];
    if (!isWatched() || !pathOfName(folder, name, path)) return real(folder, name, flags, mode);
    if (fails(OPEN, path)) return -1;
    if (recordFile < 0 || !(flags & (O_CREAT | O_TRUNC))) return real(folder, name, flags, mode);
    lock();
    struct stat status;
    int isNew = fstatat(folder, name, &status, 0) != 0;
    int result = real(folder, name, flags, mode);
    if (result >= 0 && isNew) append(CREATE, numberOf(result), 0, path, NULL, 0);
    if (result >= 0 && !isNew && flags & O_TRUNC) append(RESIZE, numberOf(result), 0, NULL, NULL, 0);
    unlock();
    return result;
}

#define OPEN_WITH_MODE(folder, name, flags) \
    mode_t mode = 0; \
    if ((flags) & (O_CREAT | __O_TMPFILE)) { \
        va_list arguments; \
        va_start(arguments, flags); \
        mode = va_arg(arguments, mode_t); \
        va_end(arguments); \
    } \
    return openFile(folder, name, flags, mode)

int open(const char *path, int flags, ...) { OPEN_WITH_MODE(AT_FDCWD, path, flags); }
int open64(const char *path, int flags, ...) { OPEN_WITH_MODE(AT_FDCWD, path, flags); }
int openat(int folder, const char *name, int flags, ...) { OPEN_WITH_MODE(folder, name, flags); }
int openat64(int folder, const char *name, int flags, ...) { OPEN_WITH_MODE(folder, name, flags); }

void *mmap64(void *address, size_t length, int protection, int flags, int file, off64_t offset) {
    REAL("mmap64", void *, void *, size_t, int, int, int, off64_t);
    char path[PATH_MAX];
    if (file >= 0 && isWatched() && pathOfFile(file, path) && fails(MAP, path)) return MAP_FAILED;
    return real(address, length, protection, flags, file, offset);
}

void *mmap(void *address, size_t length, int protection, int flags, int file, off_t offset) {
    return mmap64(address, length, protection, flags, file, offset);
}

static int failsToRead(int file) {
    if (!control || !atomic_load(&control->isArmed) || !(atomic_load(&control->calls) >> READ & 1)) return 0;
    char path[PATH_MAX];
    return pathOfFile(file, path) && fails(READ, path);
}

ssize_t read(int file, void *bytes, size_t count) {
    REAL("read", ssize_t, int, void *, size_t);
    return failsToRead(file) ? -1 : real(file, bytes, count);
}

ssize_t pread64(int file, void *bytes, size_t count, off64_t offset) {
    REAL("pread64", ssize_t, int, void *, size_t, off64_t);
    return failsToRead(file) ? -1 : real(file, bytes, count, offset);
}

ssize_t pread(int file, void *bytes, size_t count, off_t offset) { return pread64(file, bytes, count, offset); }
