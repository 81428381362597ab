/* kcheck's command line: which rows, check or bench, and the summary. */
#include "kc.h"

#include "cpu/features.h"
#include "os/os.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct options {
    const char *pattern; /* part of the row's name; NULL for all */
    int n_rounds;        /* each with other random numbers */
    size_t n_threads;    /* of a benchmark of products */
    bool bench, list;
} options;

static const struct {
    const char *op;
    void (*check)(kc *k);
} checks[] = {
    {"gemm", kc_check_gemm},
    {"quantize", kc_check_quantize},
    {"rms_norm", kc_check_rms_norm},
    {"silu_mul", kc_check_silu_mul},
    {"gelu_mul", kc_check_gelu_mul},
    {"softcap", kc_check_softcap},
    {"add", kc_check_add},
    {"scale", kc_check_scale},
    {"narrow", kc_check_narrow},
    {"rope_norm", kc_check_rope},
    {"rope_neox", kc_check_rope},
    {"attn_scores", kc_check_attn_block},
    {"attn_values", kc_check_attn_block},
    {"attn_softmax", kc_check_attn_softmax},
    {"attn_merge", kc_check_attn_merge},
    {"block_max", kc_check_logits},
    {"block_moments", kc_check_logits},
    {"block_exp", kc_check_logits},
};

static bool usable(const lnr_kernel_row *row) {
    return (lnr_cpu_features() & row->needs) == row->needs;
}

static bool wanted(const options *o, const lnr_kernel_row *row) {
    return !o->pattern || strstr(row->name, o->pattern);
}

static bool any_wanted(const options *o) {
    size_t n_rows;
    const lnr_kernel_row *rows = kernels_rows(&n_rows);
    for (size_t i = 0; i < n_rows; i++)
        if (usable(&rows[i]) && wanted(o, &rows[i]))
            return true;
    return false;
}

/* Checks the wanted rows of one slot; returns how many failed or had no case at all. */
static size_t check_slot(kc *k, const options *o, lnr_kernel_slot slot, size_t *n_checked) {
    size_t n_rows, n_bad = 0;
    const lnr_kernel_row *rows = kernels_rows(&n_rows);
    bool any = false;
    k->n_rows = 0;
    memset(k->n_cases, 0, sizeof k->n_cases);
    memset(k->n_failed, 0, sizeof k->n_failed);
    for (size_t i = 0; i < n_rows; i++)
        if (rows[i].slot == slot && usable(&rows[i]) && (k->n_rows == 0 || wanted(o, &rows[i]))) {
            any = any || wanted(o, &rows[i]);
            k->row[k->n_rows++] = &rows[i]; /* scalar always: it is the reference */
        }
    if (!any)
        return 0;
    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++)
        for (int round = 0; round < o->n_rounds; round++)
            if (strcmp(checks[i].op, k->row[0]->op) == 0)
                checks[i].check(k);
    for (size_t i = 0; i < k->n_rows; i++) {
        bool bad = k->n_failed[i] || k->n_cases[i] == 0;
        printf("%-4s %-45s %6zu cases, %zu failed\n", bad ? "FAIL" : "ok", k->row[i]->name,
               k->n_cases[i], k->n_failed[i]);
        n_bad += bad;
    }
    *n_checked += k->n_rows;
    return n_bad;
}

static int check_all(kc *k, const options *o) {
    size_t n_rows, n_bad = 0, n_checked = 0, n_foreign = 0;
    const lnr_kernel_row *rows = kernels_rows(&n_rows);
    printf("seed %llu\n", (unsigned long long)k->rng);
    for (int slot = 0; slot < LNR_KERNEL_SLOTS; slot++)
        n_bad += check_slot(k, o, (lnr_kernel_slot)slot, &n_checked);
    for (size_t i = 0; i < n_rows; i++)
        if (!usable(&rows[i])) {
            printf("not run, this CPU lacks what it needs: %s\n", rows[i].name);
            n_foreign++;
        }
    printf("%zu rows checked, %zu failed, %zu not for this CPU\n", n_checked, n_bad, n_foreign);
    return n_bad || n_checked == 0;
}

static int list(void) {
    size_t n_rows;
    const lnr_kernel_row *rows = kernels_rows(&n_rows);
    lnr_kernels selected;
    kernels_select(lnr_cpu_features(), &selected);
    for (size_t i = 0; i < n_rows; i++)
        printf("%s %s\n",
               selected.row[rows[i].slot] == &rows[i] ? "runs"
               : usable(&rows[i])                     ? "can "
                                                      : "no  ",
               rows[i].name);
    return 0;
}

static int bench_all(kc *k, const options *o) {
    size_t n_rows;
    const lnr_kernel_row *rows = kernels_rows(&n_rows);
    int n_bad = 0;
    for (size_t i = 0; i < n_rows; i++)
        if (usable(&rows[i]) && wanted(o, &rows[i]))
            n_bad += !kc_bench(k, &rows[i], o->n_threads);
    return n_bad != 0;
}

static int usage(void) {
    fprintf(stderr,
            "usage: kcheck [-k PART] [--rounds N] [--seed N] [--bench [--threads N] | --list]\n");
    return 2;
}

int main(int argc, char **argv) {
    static kc k = {.rng = 20261121};
    options o = {.n_rounds = 1, .n_threads = 1};
    for (int i = 1; i < argc; i++) {
        bool more = i + 1 < argc;
        if (strcmp(argv[i], "--bench") == 0)
            o.bench = true;
        else if (strcmp(argv[i], "--list") == 0)
            o.list = true;
        else if (strcmp(argv[i], "-k") == 0 && more)
            o.pattern = argv[++i];
        else if (strcmp(argv[i], "--rounds") == 0 && more)
            o.n_rounds = atoi(argv[++i]);
        else if (strcmp(argv[i], "--threads") == 0 && more)
            o.n_threads = (size_t)atoi(argv[++i]);
        else if (strcmp(argv[i], "--seed") == 0 && more)
            k.rng = strtoull(argv[++i], NULL, 10) | 1;
        else
            return usage();
    }
    if (o.n_threads < 1 || o.n_rounds < 1)
        return usage();
    if (o.list)
        return list();
    if (!any_wanted(&o)) {
        fprintf(stderr, "kcheck: no kernel that this CPU can run has '%s' in its name\n",
                o.pattern);
        return 1;
    }
    for (int i = 0; i < KC_REGIONS; i++)
        if (!(k.region[i] = os_guarded_alloc(KC_REGION_BYTES))) {
            fprintf(stderr, "kcheck: not enough memory\n");
            return 1;
        }
    return o.bench ? bench_all(&k, &o) : check_all(&k, &o);
}
