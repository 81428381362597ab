/* Operations on a row of logits: all lengths up to three blocks, and a real vocabulary's. */
#include "kc.h"

#include <string.h>

typedef struct call {
    const lnr_kernel_row *row;
    const float *in;
    size_t n;
    float *out, *out2; /* one per block */
    bool verdict;
} call;

static void run(void *arg) {
    call *c = arg;
    const char *op = c->row->op;
    if (strcmp(op, "block_max") == 0)
        c->verdict = ((lnr_block_max_fn *)c->row->run)(c->in, c->n, c->out);
    else if (strcmp(op, "block_moments") == 0)
        ((lnr_block_moments_fn *)c->row->run)(c->in, c->n, c->out, c->out2);
    else
        ((lnr_block_exp_fn *)c->row->run)(c->in, c->n, 1.5f, 0.7f, c->out);
}

static void check(kc *k, size_t n, kc_pattern p) {
    size_t n_blocks = (n + LNR_LOGIT_BLOCK - 1) / LNR_LOGIT_BLOCK, bytes = n_blocks * sizeof(float);
    float *in = kc_place(k, 0, n * sizeof *in);
    call want = {.in = in, .n = n};
    kc_floats(k, p, in, n);
    if (p == KC_random && n > 70) /* what a ban leaves */
        in[n - 70] = -__builtin_inff();
    for (size_t row = 0; row < k->n_rows; row++) {
        call c = {
            k->row[row], in, n, kc_place(k, row ? 3 : 1, bytes), kc_place(k, row ? 4 : 2, bytes),
            false};
        memset(c.out, 0, bytes);
        memset(c.out2, 0, bytes);
        if (!kc_guard(k, row, run, &c))
            continue;
        if (row == 0)
            want = c;
        bool same = kc_differs(want.out, c.out, n_blocks) < 0 &&
                    kc_differs(want.out2, c.out2, n_blocks) < 0 && want.verdict == c.verdict;
        kc_outcome(k, row, same && kc_canary_intact(c.out) && kc_canary_intact(c.out2),
                   "n = %zu, %s", n, kc_pattern_name(p));
    }
}

void kc_check_logits(kc *k) {
    for (kc_pattern p = 0; p < KC_N_PATTERNS; p++) {
        for (size_t n = 0; n <= 3 * LNR_LOGIT_BLOCK + 1; n++)
            check(k, n, p);
        check(k, 152064, p);
        check(k, 32003, p);
    }
}
