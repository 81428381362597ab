/* Threads, sleeping on a word (futex), mutexes, and the floating-point control word. */
#define _GNU_SOURCE
#include "os/os.h"

#include "base/alloc.h"

#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

struct os_thread {
    pthread_t handle;
    void (*fn)(void *);
    void *arg;
    int cpu;
};

static void *thread_main(void *p) {
    os_thread *t = p;
    if (t->cpu >= 0 && t->cpu < CPU_SETSIZE) {
        cpu_set_t set;
        CPU_ZERO(&set);
        CPU_SET((size_t)t->cpu, &set);
        (void)pthread_setaffinity_np(pthread_self(), sizeof set, &set);
    }
    t->fn(t->arg);
    return NULL;
}

/* Signals to the process are the business of the program's own threads: one that arrived here would
 * not break off the wait it is meant for. A thread's own faults and profiling stay. */
static int create_without_signals(os_thread *t) {
    static const int own[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT, SIGPROF};
    sigset_t blocked, before;
    sigfillset(&blocked);
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        sigdelset(&blocked, own[i]);
    pthread_sigmask(SIG_BLOCK, &blocked, &before); /* the new thread inherits it */
    int code = pthread_create(&t->handle, NULL, thread_main, t);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return code;
}

lnr_status os_thread_start(void (*fn)(void *), void *arg, int cpu, os_thread **out,
                           lnr_error *err) {
    *out = NULL;
    os_thread *t = lnr_new(os_thread);
    if (t == NULL)
        return LNR_FAIL(err, LNR_E_NOMEM, "no memory for a thread");
    t->fn = fn;
    t->arg = arg;
    t->cpu = cpu;
    int code = create_without_signals(t);
    if (code != 0) {
        lnr_free(t);
        return LNR_FAIL(err, LNR_E_IO, "cannot start a thread: %s", strerror(code));
    }
    *out = t;
    return LNR_OK;
}

void os_thread_join(os_thread *t) {
    pthread_join(t->handle, NULL);
    lnr_free(t);
}

uint64_t os_thread_self(void) {
    return (uint64_t)syscall(SYS_gettid);
}

void os_thread_bind(uint64_t thread, const int *cpus, unsigned n) {
    cpu_set_t set;
    CPU_ZERO(&set);
    for (unsigned i = 0; i < n; i++)
        if (cpus[i] >= 0 && cpus[i] < CPU_SETSIZE)
            CPU_SET((size_t)cpus[i], &set);
    (void)sched_setaffinity((pid_t)thread, sizeof set, &set);
}

void os_wait(const uint32_t *word, uint32_t expected) {
    /* The time limit only bounds the harm of a wake-up that never comes. */
    struct timespec limit = {.tv_sec = 1};
    syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, &limit, NULL, 0);
}

void os_wake_all(const uint32_t *word) {
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT32_MAX, NULL, NULL, 0);
}

void os_pause(void) {
#if defined(__x86_64__)
    _mm_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

struct os_mutex {
    pthread_mutex_t handle;
};

os_mutex *os_mutex_create(void) {
    os_mutex *m = lnr_new(os_mutex);
    if (m && pthread_mutex_init(&m->handle, NULL) != 0) {
        lnr_free(m);
        return NULL;
    }
    return m;
}

void os_mutex_destroy(os_mutex *m) {
    if (m == NULL)
        return;
    pthread_mutex_destroy(&m->handle);
    lnr_free(m);
}

void os_mutex_lock(os_mutex *m) {
    pthread_mutex_lock(&m->handle);
}

void os_mutex_unlock(os_mutex *m) {
    pthread_mutex_unlock(&m->handle);
}

uint32_t os_fp_default(void) {
#if defined(__x86_64__)
    uint32_t saved = _mm_getcsr();
    _mm_setcsr(0x1f80); /* power-on value: round to nearest, denormals kept, exceptions masked */
    return saved;
#elif defined(__aarch64__)
    uint64_t saved, zero = 0;
    __asm__ volatile("mrs %0, fpcr" : "=r"(saved));
    __asm__ volatile("msr fpcr, %0" : : "r"(zero));
    return (uint32_t)saved;
#else
    return 0;
#endif
}

void os_fp_restore(uint32_t saved) {
#if defined(__x86_64__)
    _mm_setcsr(saved);
#elif defined(__aarch64__)
    uint64_t word = saved;
    __asm__ volatile("msr fpcr, %0" : : "r"(word));
#else
    (void)saved;
#endif
}
