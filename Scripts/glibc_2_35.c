// Linked only by `make dist`: Debian 12's libstdc++.a calls arc4random, which glibc has since 2.36, and notebooks run
// on 2.35.

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/random.h>

__attribute__((visibility("hidden"))) uint32_t arc4random(void) {
    uint32_t value = 0;
    // getrandom fills requests of up to 256 bytes whole, or fails (getrandom(2)).
    while (getrandom(&value, sizeof value, 0) != (ssize_t)sizeof value) {
        if (errno != EINTR) {
            abort();
        }
    }
    return value;
}
