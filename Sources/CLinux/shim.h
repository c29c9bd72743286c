// The Glibc module leaves out epoll and accept4. No header of the Glibc module is included here, and _GNU_SOURCE stays
// undefined: otherwise its types would be defined in two modules. So the GNU declaration is repeated.
#include <sys/epoll.h>

struct sockaddr;
extern int accept4(int, struct sockaddr *, unsigned int *, int);

// eventfd(2), from <sys/eventfd.h>; its flags have the values of O_CLOEXEC and O_NONBLOCK.
extern int eventfd(unsigned int, int);
extern int eventfd_write(int, unsigned long);

// pthread_setname_np(3), from <pthread.h> under _GNU_SOURCE.
extern int pthread_setname_np(unsigned long, const char *);

// mallopt(3) and malloc_trim(3), from <malloc.h>, which the Glibc module leaves out as well.
extern int mallopt(int, int);
extern int malloc_trim(unsigned long);

enum apus_malloc_parameter {
    apus_malloc_trim_threshold = -1,
    apus_malloc_mmap_threshold = -3,
    apus_malloc_arena_max = -8,
};

// openat2(2), which glibc does not wrap. The numbers are those of the kernel, the same on every architecture.
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

// The descriptor, or -1 and errno.
static inline int apus_openat2(int folder, const char *path, const struct apus_open_how *how) {
    return (int)syscall(437, folder, path, how, sizeof(struct apus_open_how));
}

// pidfd_open(2), which glibc wraps since 2.36. The descriptor, or -1 and errno.
static inline int apus_pidfd_open(int pid) {
    return (int)syscall(434, pid, 0);
}

// From <fcntl.h> and <unistd.h> under _GNU_SOURCE. Offsets are 64 bits wide, as on every Linux that Swift runs on.
extern int fallocate(int, int, long, long);
extern long copy_file_range(int, long long *, int, long long *, unsigned long, unsigned int);
extern int syncfs(int);

// The program's own instructions and constants, from the linker: nothing between the two is ever written.
extern const char __executable_start[];
extern const char etext[];

static inline const void *apus_program_start(void) { return __executable_start; }
static inline const void *apus_program_end(void) { return etext; }
