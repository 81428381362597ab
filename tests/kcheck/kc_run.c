/* Where a case's memory lies, how a fault is caught, how results are compared and counted. */
#include "kc.h"

#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { CANARY = 0xc5, CANARY_BYTES = 64, FAILURES_SHOWN = 5 };

static sigjmp_buf fault_exit;
static volatile sig_atomic_t fault_armed;

static void on_fault(int sig) {
    if (fault_armed)
        siglongjmp(fault_exit, sig);
    signal(sig, SIG_DFL);
    raise(sig);
}

static void install_handlers(void) {
    static const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE};
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_fault;
    action.sa_flags = SA_NODEFER;
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        sigaction(signals[i], &action, NULL);
}

bool kc_guard(kc *k, size_t row, void (*fn)(void *), void *arg) {
    static bool installed;
    if (!installed)
        install_handlers();
    installed = true;
    int sig = sigsetjmp(fault_exit, 1);
    if (sig) {
        fault_armed = 0;
        kc_outcome(k, row, false, "signal %d", sig);
        return false;
    }
    fault_armed = 1;
    fn(arg);
    fault_armed = 0;
    return true;
}

void *kc_place(kc *k, int region, size_t bytes) {
    if (bytes + CANARY_BYTES > KC_REGION_BYTES) {
        fprintf(stderr, "kcheck: a case of %zu bytes does not fit its region\n", bytes);
        return NULL; /* the fault that follows names the row */
    }
    char *p = k->region[region] + KC_REGION_BYTES - bytes;
    memset(p - CANARY_BYTES, CANARY, CANARY_BYTES + bytes);
    return p;
}

bool kc_canary_intact(const void *p) {
    const unsigned char *c = (const unsigned char *)p - CANARY_BYTES;
    for (int i = 0; i < CANARY_BYTES; i++)
        if (c[i] != CANARY)
            return false;
    return true;
}

ptrdiff_t kc_differs(const float *want, const float *got, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (memcmp(&want[i], &got[i], sizeof *want) != 0 && !(isnan(want[i]) && isnan(got[i])))
            return (ptrdiff_t)i;
    return -1;
}

void kc_outcome(kc *k, size_t row, bool passed, const char *format, ...) {
    k->n_cases[row]++;
    if (passed)
        return;
    if (k->n_failed[row]++ >= FAILURES_SHOWN)
        return;
    va_list args;
    va_start(args, format);
    printf("FAIL %s: ", k->row[row]->name);
    vprintf(format, args);
    printf("\n");
    va_end(args);
}
