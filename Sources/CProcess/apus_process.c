#define _GNU_SOURCE
#include "apus_process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

enum { first_listen_descriptor = 3, not_found = 127, not_runnable = 126, not_started = 125 };

int apus_adopt_orphans(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); }

// What this program itself ignores is nothing that the other one should ignore.
static void restore_signals(const void *mask) {
    signal(SIGPIPE, SIG_DFL);
    signal(SIGXFSZ, SIG_DFL);
    sigprocmask(SIG_SETMASK, mask, NULL);
}

static void write_digits(char *place, pid_t number) {
    char digits[16];
    size_t count = 0;
    do {
        digits[count++] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    while (count > 0) *place++ = digits[--count];
    *place = '\0';
}

// Puts the sockets where the convention wants them; the first step moves them out of each other's way.
static int hand_over(const int sockets[], size_t count) {
    const int above = first_listen_descriptor + (int)count;
    int moved[count > 0 ? count : 1];
    for (size_t index = 0; index < count; index++) {
        moved[index] = fcntl(sockets[index], F_DUPFD_CLOEXEC, above);
        if (moved[index] < 0) return -1;
    }
    for (size_t index = 0; index < count; index++) {
        if (dup2(moved[index], first_listen_descriptor + (int)index) < 0) return -1;
    }
    return 0;
}

int apus_start_server(const char *path, char *const arguments[], char *const environment[], char *listen_pid,
                      const int sockets[], size_t count, const void *mask) {
    pid_t child = fork();
    if (child != 0) return child;
    setsid();
    int nothing = open("/dev/null", O_RDWR);
    if (nothing < 0 || dup2(nothing, 0) < 0 || dup2(nothing, 1) < 0) _exit(not_started);
    if (nothing > 2) close(nothing);
    if (hand_over(sockets, count) != 0) _exit(not_started);
    write_digits(listen_pid, getpid());
    restore_signals(mask);
    execve(path, arguments, environment);
    _exit(not_found);
}

// Reads to the end of the pipe; the count of bytes, which is 0 when the parent has given up.
static size_t read_gate(int gate, char *text, size_t size) {
    size_t count = 0;
    while (count < size - 1) {
        ssize_t got = read(gate, text + count, size - 1 - count);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break;
        count += (size_t)got;
    }
    text[count] = '\0';
    return count;
}

int apus_start_command(const struct apus_command *command) {
    pid_t child = fork();
    if (child != 0) return child;
    if (command->has_own_group) setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
    restore_signals(command->mask);
    close(command->gate_writer);
    char text[4096];
    if (read_gate(command->gate_reader, text, sizeof text) == 0) _exit(not_started);
    setenv(command->variable, text, 1);
    execvp(command->arguments[0], command->arguments);
    int code = errno;
    dprintf(2, "apus: '%s' cannot be run: %s\n", command->arguments[0], strerror(code));
    _exit(code == ENOENT || code == ENOTDIR ? not_found : not_runnable);
}
