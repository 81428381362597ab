/* SIGINT by the C11 signal interface alone, so that it needs no system's own; see interrupt.h. */
#include "app/interrupt.h"

#include <signal.h>
#include <stdatomic.h>

/* The one global state here: a signal handler has no argument to carry it. */
static atomic_bool interrupted;

static void on_interrupt(int signal_number) {
    atomic_store(&interrupted, true);
    signal(signal_number, SIG_DFL); /* the next one is deadly */
}

void app_interrupt_install(void) {
    if (signal(SIGINT, on_interrupt) == SIG_IGN)
        signal(SIGINT, SIG_IGN);
}

bool app_interrupted(void) {
    return atomic_load(&interrupted);
}
