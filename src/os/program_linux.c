/* The running program's own surroundings: where it lies, its standard files, Ctrl-C, fresh
 * randomness; see os.h. */
#define _GNU_SOURCE
#include "os/os.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

bool os_executable_folder(char *path, size_t capacity) {
    ssize_t n = readlink("/proc/self/exe", path, capacity);
    if (n <= 0 || (size_t)n >= capacity)
        return false; /* a path that fills the place may have been cut */
    path[n] = '\0';
    char *slash = strrchr(path, '/');
    if (slash == NULL)
        return false;
    *slash = '\0';
    return true;
}

uint64_t os_random(void) {
    uint64_t value;
    /* Eight bytes come whole once the kernel has entropy; early at boot the clock must do. */
    if (getrandom(&value, sizeof value, GRND_NONBLOCK) != (ssize_t)sizeof value)
        value = os_now_ns() * UINT64_C(0x9e3779b97f4a7c15);
    return value;
}

void os_standard_files_occupy(void) {
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) == -1 && open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY) != fd)
            return; /* no /dev/null: what follows fails by itself */
}

void os_interrupt_handler(void (*handler)(int signal_number)) {
    struct sigaction now, wanted = {.sa_handler = handler}; /* without SA_RESTART */
    if (sigaction(SIGINT, NULL, &now) == 0 && now.sa_handler == SIG_IGN)
        return;
    (void)sigaction(SIGINT, &wanted, NULL);
}
