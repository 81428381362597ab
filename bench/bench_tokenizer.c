/* Tokeniser speed on one thread: encodes a text file again and again.
 *
 *     bench_tokenizer VOCABULARY.gguf TEXT [RUNS]
 *
 * Prints the time to create the tokenizer, the rate in MB/s (10^6 bytes) of the median run and of
 * the slowest and fastest, and the token count. Time is the thread's processor time, so that other
 * programs on the machine disturb it little. */
#include "base/alloc.h"
#include "text/tokenizer.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define RUNS_MAX 1000

static double cpu_seconds(void) {
    return (double)clock() / CLOCKS_PER_SEC;
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static lnr_status read_text(const char *path, lnr_str *text, lnr_error *err) {
    os_file *f;
    LNR_TRY(os_file_open(path, &f, err));
    size_t n = (size_t)os_file_size(f);
    char *p = lnr_alloc(n);
    lnr_status st = p ? os_file_read_at(f, 0, p, n, err) : LNR_FAIL(err, LNR_E_NOMEM, "%s", path);
    os_file_close(f);
    *text = (lnr_str){p, n};
    return st;
}

static lnr_status measure(const tokenizer *t, lnr_str text, int n_runs, lnr_error *err) {
    double seconds[RUNS_MAX];
    token_list l;
    token_list_init(&l);
    lnr_status st = LNR_OK;
    for (int i = 0; i < n_runs && !st; i++) {
        l.n = 0;
        double begin = cpu_seconds();
        st = tokenizer_encode(t, text, 0, &l, err);
        seconds[i] = cpu_seconds() - begin;
    }
    if (!st) {
        qsort(seconds, (size_t)n_runs, sizeof *seconds, by_value);
        printf("%.1f MB/s (%.1f to %.1f), %zu tokens from %zu bytes\n",
               (double)text.n * 1e-6 / seconds[n_runs / 2],
               (double)text.n * 1e-6 / seconds[n_runs - 1], (double)text.n * 1e-6 / seconds[0], l.n,
               text.n);
    }
    token_list_deinit(&l);
    return st;
}

static lnr_status run(const char *vocabulary, const char *path, int n_runs, lnr_error *err) {
    gguf_file *f;
    LNR_TRY(gguf_open(vocabulary, &f, err));
    tokenizer *t;
    double begin = cpu_seconds();
    lnr_status st = tokenizer_create(f, &t, err);
    printf("created in %.1f ms; ", (cpu_seconds() - begin) * 1e3);
    gguf_close(f);
    if (st)
        return st;
    lnr_str text = {NULL, 0};
    st = read_text(path, &text, err);
    if (!st)
        st = measure(t, text, n_runs, err);
    lnr_free((void *)text.p);
    tokenizer_destroy(t);
    return st;
}

int main(int argc, char **argv) {
    int n_runs = argc > 3 ? atoi(argv[3]) : 11;
    if (argc < 3 || n_runs < 1 || n_runs > RUNS_MAX) {
        fprintf(stderr, "usage: bench_tokenizer VOCABULARY.gguf TEXT [RUNS, 1 to %d]\n", RUNS_MAX);
        return 2;
    }
    lnr_error err = {0};
    if (run(argv[1], argv[2], n_runs, &err) != LNR_OK) {
        fprintf(stderr, "bench_tokenizer: %s\n", err.text);
        return 1;
    }
    return 0;
}
