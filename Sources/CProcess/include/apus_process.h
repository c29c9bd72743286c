#ifndef APUS_PROCESS_H
#define APUS_PROCESS_H

#include <stddef.h>

// Child processes that posix_spawn cannot start. Swift offers no fork, because little may be done between it and exec in
// a process with several threads; these functions do that little.
//
// A process is a pid_t, which is an int, and a mask a sigset_t; their headers belong to the Glibc module and are left out.

// Makes this process the parent of what its children leave behind (PR_SET_CHILD_SUBREAPER).
int apus_adopt_orphans(void);

// Starts a program in a new session with listening sockets, by the convention of sd_listen_fds(3).
//
// It gets /dev/null as standard input and output. `listen_pid` is a place in `environment` with room for the digits of
// its id, which is known only afterwards. The result is the child's id, or -1 and errno.
int apus_start_server(const char *path, char *const arguments[], char *const environment[], char *listen_pid,
                      const int sockets[], size_t count, const void *mask);

// A command that waits at a gate until it is told its tracking URI.
struct apus_command {
    char *const *arguments;
    // The variable that gets what comes through the gate.
    const char *variable;
    // The pipe that is the gate. At its end without a text the command is not run.
    int gate_reader, gate_writer;
    // Whether it leads a process group of its own.
    int has_own_group;
    const void *mask;
};

// Starts the command; to be called while the process has one thread. The child gets a SIGTERM when this process dies.
// Its status is 127 when there is no such program, and 126 when it cannot be run. The result is its id, or -1 and errno.
int apus_start_command(const struct apus_command *command);

#endif
