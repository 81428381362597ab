/* Ten thousand short conversations, eight at a time: after the first hundreds the process must not
 * grow, in memory or in open files.
 *
 *   endurance MODEL [N_SESSIONS] */
#include "os/os.h"

#include <lanner/lanner.h>

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define AT_ONCE 8
#define WARM_UP 400
#define SLACK   (1u << 20) /* bytes: the allocator's own */

static lnr_engine *engine;

static int failed(const char *what, const lnr_error *err) {
    fprintf(stderr, "FAILED %s: %s\n", what, err->text);
    return EXIT_FAILURE;
}

static size_t n_open_files(void) {
    size_t n = 0;
    DIR *d = opendir("/proc/self/fd");
    while (d && readdir(d))
        n++;
    if (d)
        closedir(d);
    return n;
}

static lnr_status begin(uint32_t number, lnr_session **out, lnr_error *err) {
    int32_t prompt[12];
    uint32_t n = 3 + number % 9;
    for (uint32_t i = 0; i < n; i++)
        prompt[i] = (int32_t)(1 + (number * 7 + i * (1 + number % 5)) % 2000);
    lnr_request_options o = {.struct_size = sizeof o, .max_tokens = 2, .ignore_end = true};
    lnr_sampler_defaults(&o.sampler);
    lnr_status st = lnr_session_create(engine, out, err);
    if (st == LNR_OK)
        st = lnr_session_append(*out, prompt, n, err);
    return st == LNR_OK ? lnr_session_generate(*out, &o, err) : st;
}

/* Reads what is there; whether the session is over. */
static bool over(lnr_session *s) {
    lnr_event ev;
    while (lnr_session_next(s, &ev))
        if (ev.kind == LNR_EVENT_DONE)
            return true;
    return false;
}

static int run(uint32_t n_sessions) {
    lnr_session *s[AT_ONCE] = {NULL};
    uint32_t n_begun = 0, n_over = 0;
    uint64_t resident = 0;
    size_t n_files = 0;
    lnr_error err;
    while (n_over < n_sessions) {
        for (int i = 0; i < AT_ONCE; i++) {
            if (s[i] == NULL && n_begun < n_sessions && begin(n_begun++, &s[i], &err))
                return failed("a session", &err);
            if (s[i] && (over(s[i]) || n_begun % 97 == 0)) { /* some are left in the middle */
                lnr_session_destroy(s[i]);
                s[i] = NULL;
                if (++n_over == WARM_UP) {
                    resident = os_memory_resident();
                    n_files = n_open_files();
                }
            }
        }
        bool active;
        if (lnr_engine_step(engine, &active, &err))
            return failed("lnr_engine_step", &err);
    }
    uint64_t now = os_memory_resident();
    size_t n_files_now = n_open_files();
    printf("%" PRIu32 " sessions; resident %" PRIu64 " KiB after %d, %" PRIu64
           " KiB at the end; %zu and %zu files\n",
           n_sessions, resident >> 10, WARM_UP, now >> 10, n_files, n_files_now);
    if (now > resident + SLACK || n_files_now != n_files) {
        fprintf(stderr, "FAILED: it grows\n");
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}

int main(int argc, char **argv) {
    uint32_t n_sessions = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 10000;
    lnr_model *model;
    lnr_error err;
    if (argc < 2 || n_sessions <= WARM_UP) {
        fprintf(stderr, "usage: endurance MODEL [N_SESSIONS, more than %d]\n", WARM_UP);
        return EXIT_FAILURE;
    }
    if (lnr_model_load(argv[1], NULL, &model, &err))
        return failed("lnr_model_load", &err);
    /* Little KV room, so that after the warm-up all of it has been touched. */
    lnr_engine_options o = {
        .struct_size = sizeof o, .n_ctx = 64, .n_sessions = AT_ONCE, .n_threads = 1};
    if (lnr_engine_create(model, &o, &engine, &err))
        return failed("lnr_engine_create", &err);
    int code = run(n_sessions);
    lnr_engine_destroy(engine);
    lnr_model_unref(model);
    return code;
}
