/* SIGINT as a flag; see interrupt.h. */
#include "app/interrupt.h"

#include "os/os.h"

#include <signal.h>
#include <stdatomic.h>

/* The only globals here: a signal handler has no argument to carry them. */
static atomic_bool interrupted;

static void on_interrupt(int signal_number) {
    (void)signal_number;
    atomic_store(&interrupted, true);
}

static void on_interrupt_once(int signal_number) {
    on_interrupt(signal_number);
    signal(signal_number, SIG_DFL); /* the next one is deadly */
}

void app_interrupt_install(void) {
    os_interrupt_handler(on_interrupt_once);
}

void app_interrupt_catch(void) {
    os_interrupt_handler(on_interrupt);
}

void app_interrupt_clear(void) {
    atomic_store(&interrupted, false);
}

bool app_interrupted(void) {
    return atomic_load(&interrupted);
}
