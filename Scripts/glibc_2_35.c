// Linked only by `make dist`: libstdc++.a of Debian 12 calls arc4random, which came with glibc 2.36, but hosted
// notebooks have glibc 2.35.

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/random.h>

__attribute__((visibility("hidden"))) uint32_t arc4random(void) {
    uint32_t value = 0;
    // For up to 256 bytes, getrandom returns all bytes or fails (getrandom(2)).
    while (getrandom(&value, sizeof value, 0) != (ssize_t)sizeof value) {
        if (errno != EINTR) {
            abort();
        }
    }
    return value;
}
