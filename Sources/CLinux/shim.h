// The Glibc module leaves out epoll and accept4. Nothing that the Glibc module holds is included here, and
// _GNU_SOURCE stays undefined: either would give its types two homes. So the GNU declaration is repeated.
#include <sys/epoll.h>

struct sockaddr;
extern int accept4(int, struct sockaddr *, unsigned int *, int);

// mallopt(3), from <malloc.h>, which the Glibc module leaves out as well.
extern int mallopt(int, int);

enum apus_malloc_parameter {
    apus_malloc_trim_threshold = -1,
    apus_malloc_mmap_threshold = -3,
    apus_malloc_arena_max = -8,
};
