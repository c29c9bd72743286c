// Swift's module Glibc lacks the functions in this file. The file includes no header of that module and does not define
// _GNU_SOURCE, because otherwise types would be defined in two modules. So declarations of the C library are repeated.
#include <sys/epoll.h>

struct sockaddr;
extern int accept4(int, struct sockaddr *, unsigned int *, int);
extern int pipe2(int *, int);

// eventfd(2), from <sys/eventfd.h>; the flags have the values of O_CLOEXEC and O_NONBLOCK.
extern int eventfd(unsigned int, int);
extern int eventfd_write(int, unsigned long);

// pthread_setname_np(3), from <pthread.h> under _GNU_SOURCE.
extern int pthread_setname_np(unsigned long, const char *);

// sync_file_range(2), from <fcntl.h> under _GNU_SOURCE.
extern int sync_file_range(int, long long, long long, unsigned int);

enum apus_sync_range {
    apus_sync_range_wait = 1,   // SYNC_FILE_RANGE_WAIT_BEFORE
    apus_sync_range_write = 2,  // SYNC_FILE_RANGE_WRITE
};

// mallopt(3) and malloc_trim(3), from <malloc.h>.
extern int mallopt(int, int);
extern int malloc_trim(unsigned long);

enum apus_malloc_parameter {
    apus_malloc_trim_threshold = -1,
    apus_malloc_mmap_threshold = -3,
    apus_malloc_arena_max = -8,
};

// openat2(2), which glibc does not wrap. The number of the call and the flags are the same on every architecture.
extern long syscall(long, ...);

struct apus_open_how {
    unsigned long long flags;
    unsigned long long mode;
    unsigned long long resolve;
};

enum apus_resolve {
    apus_resolve_no_magiclinks = 0x02,
    apus_resolve_no_symlinks = 0x04,
    apus_resolve_beneath = 0x08,
};

// Returns the descriptor, or -1 and sets errno.
static inline int apus_openat2(int folder, const char *path, const struct apus_open_how *how) {
    return (int)syscall(437, folder, path, how, sizeof(struct apus_open_how));
}

// pidfd_open(2), which glibc wraps since 2.36. Returns the descriptor, or -1 and sets errno.
static inline int apus_pidfd_open(int pid) {
    return (int)syscall(434, pid, 0);
}

// The attributes of sched_getattr(2) and sched_setattr(2), which glibc wraps only since 2.41.
struct apus_sched_attributes {
    unsigned int size;
    unsigned int policy;
    unsigned long long flags;
    int nice;
    unsigned int priority;
    unsigned long long runtime;
    unsigned long long deadline;
    unsigned long long period;
};

#if defined(__x86_64__)
enum { apus_sched_setattr_number = 314, apus_sched_getattr_number = 315 };
#else
enum { apus_sched_setattr_number = 274, apus_sched_getattr_number = 275 };
#endif

// Returns the time slice of the calling thread in nanoseconds; 0 if the system does not report one.
static inline unsigned long long apus_time_slice(void) {
    struct apus_sched_attributes attributes = {0};
    long result = syscall(apus_sched_getattr_number, 0, &attributes, sizeof attributes, 0);
    return result == 0 && attributes.policy == 0 ? attributes.runtime : 0;
}

// Sets the time slice of the calling thread; 0 stands for the system's default. Returns 0, or -1 if the system refuses
// or the thread's scheduling policy is not the ordinary one (SCHED_OTHER).
static inline int apus_set_time_slice(unsigned long long nanoseconds) {
    struct apus_sched_attributes attributes = {0};
    if (syscall(apus_sched_getattr_number, 0, &attributes, sizeof attributes, 0) != 0) return -1;
    if (attributes.policy != 0) return -1;
    attributes.size = sizeof attributes;
    attributes.runtime = nanoseconds;
    return (int)syscall(apus_sched_setattr_number, 0, &attributes, 0);
}

// From <fcntl.h> and <unistd.h> under _GNU_SOURCE. Offsets are 64 bits wide, as on every Linux that Swift runs on.
extern int fallocate(int, int, long, long);
extern long copy_file_range(int, long long *, int, long long *, unsigned long, unsigned int);
extern int syncfs(int);

// The start of the program in memory and the end of its instructions, set by the linker. The memory between the two
// holds instructions and constants, and is never written.
extern const char __executable_start[];
extern const char etext[];

static inline const void *apus_program_start(void) { return __executable_start; }
static inline const void *apus_program_end(void) { return etext; }
