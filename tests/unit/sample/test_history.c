/* sample/history against the definitions, written down naively: windows at their edges, breakers,
 * repetitions that overlap themselves. */
#include "sample/history.h"

#include "base/rng.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { N_VOCAB = 6, N_MAX = 60 };

static history_scratch scratch;
static float logits[N_VOCAB];
static int32_t token[N_MAX];
static uint8_t breaker[N_MAX];

static float *logit_at(void *user, int32_t id) {
    return id == 5 ? NULL : (float *)user + id; /* 5 is out already */
}

static const history_target target = {logit_at, logits};

/* Few tokens, so that repetitions are common. */
static void fill(uint64_t round) {
    for (uint32_t i = 0; i < N_MAX; i++) {
        token[i] = (int32_t)(lnr_rng_u64(round, 0, i) % (round % 2 ? 2 : N_VOCAB));
        breaker[i] = lnr_rng_u64(round, 1, i) % 9 == 0;
    }
    for (uint32_t i = 0; i < N_VOCAB; i++)
        logits[i] = (float)(lnr_rng_unit(round, 2, i) * 6 - 3);
    logits[1] = round % 3 == 0 ? -INFINITY : logits[1];
}

static void expect_near(const float *got, const double *want) {
    for (int i = 0; i < N_VOCAB; i++) {
        if (i == 5)
            continue;
        if (want[i] == -INFINITY)
            assert_true(got[i] == -INFINITY);
        else
            assert_true(fabs((double)got[i] - want[i]) <= 1e-6 * fmax(1, fabs(want[i])));
    }
}

static void penalties_count_the_window(void **state) {
    (void)state;
    const int32_t windows[] = {-1, 1, 2, 20, 59, 60, 61, 1000};
    lnr_sampler_options o;
    sampler_options_off(&o);
    for (uint64_t round = 0; round < 200; round++) {
        fill(round);
        uint32_t n = (uint32_t)(lnr_rng_u64(round, 3, 0) % (N_MAX + 1)), n_prompt = n / 3;
        history h = {token, NULL, n, n_prompt};
        double want[N_VOCAB];
        o.repeat_penalty = round % 4 ? 1.3f : 1.0f;
        o.frequency_penalty = round % 5 ? 0.25f : 0.0f;
        o.presence_penalty = round % 6 ? -0.5f : 0.0f;
        o.penalty_last_n = windows[round % 8];
        o.penalty_skip_prompt = round % 7 < 3;
        for (int id = 0; id < N_VOCAB; id++) {
            unsigned count = 0;
            for (uint32_t i = 0; i < n; i++)
                if (token[i] == id &&
                    (o.penalty_last_n < 0 || n - i <= (uint32_t)o.penalty_last_n) &&
                    !(o.penalty_skip_prompt && i < n_prompt))
                    count++;
            double l = (double)logits[id];
            if (count > 0) {
                l = l > 0 ? l / (double)o.repeat_penalty : l * (double)o.repeat_penalty;
                l -= count * (double)o.frequency_penalty + (double)o.presence_penalty;
            }
            want[id] = l;
        }
        history_penalties(&h, &o, &scratch, target);
        expect_near(logits, want);
        for (int id = 0; id < N_VOCAB; id++)
            assert_int_equal(scratch.seen[id], 0);
    }
}

/* The longest repetition that token id would go on with, by the definition: text[i-L..i) equals
 * text[n-L..n), id follows it, and no breaker is among the last L. */
static uint32_t naive_repetition(const history *h, int32_t id) {
    uint32_t longest = 0;
    for (uint32_t i = 1; i < h->n; i++) {
        uint32_t length = 0;
        if (h->token[i] != id || (h->breaker && h->breaker[i]))
            continue;
        while (length < i && h->token[i - 1 - length] == h->token[h->n - 1 - length] &&
               !(h->breaker && h->breaker[h->n - 1 - length]))
            length++;
        longest = length > longest ? length : longest;
    }
    return longest;
}

static void dry_agrees_with_the_definition(void **state) {
    (void)state;
    unsigned n_penalised = 0;
    lnr_sampler_options o;
    sampler_options_off(&o);
    for (uint64_t round = 0; round < 2000; round++) {
        fill(round);
        uint32_t n = (uint32_t)(lnr_rng_u64(round, 3, 0) % (N_MAX + 1));
        int32_t windows[] = {-1, 1, 7, 30, 60};
        history h = {token, round % 5 ? breaker : NULL, n, 0};
        double want[N_VOCAB];
        o.dry_multiplier = 0.8f;
        o.dry_base = round % 2 ? 1.75f : 1.0f;
        o.dry_allowed_length = 1 + (uint32_t)(round % 4);
        o.dry_penalty_last_n = windows[round % 5];
        history w = h;
        if (o.dry_penalty_last_n >= 0 && (uint32_t)o.dry_penalty_last_n < n) {
            w.n = (uint32_t)o.dry_penalty_last_n;
            w.token += n - w.n;
            w.breaker = h.breaker ? h.breaker + (n - w.n) : NULL;
        }
        for (int id = 0; id < N_VOCAB; id++) {
            uint32_t length = naive_repetition(&w, id);
            want[id] = (double)logits[id];
            if (length >= o.dry_allowed_length) {
                want[id] -= 0.8f * pow((double)o.dry_base, length - o.dry_allowed_length);
                n_penalised++;
            }
        }
        history_dry(&h, &o, &scratch, target);
        expect_near(logits, want);
        for (int id = 0; id < N_VOCAB; id++)
            assert_int_equal(scratch.seen[id], 0);
    }
    assert_true(n_penalised > 1000);
}

static void a_huge_penalty_is_no_ban(void **state) {
    (void)state;
    lnr_sampler_options o;
    sampler_options_off(&o);
    o.dry_multiplier = 1e6f;
    o.dry_base = 100;
    for (int i = 0; i < N_MAX; i++)
        token[i] = 0;
    logits[0] = 1;
    logits[1] = 2;
    history_dry(&(history){token, NULL, N_MAX, 0}, &o, &scratch, target);
    assert_true(logits[0] == -FLT_MAX && logits[1] == 2);
    o.repeat_penalty = 1e-6f;
    logits[0] = FLT_MAX;
    history_penalties(&(history){token, NULL, 1, 0}, &o, &scratch, target);
    assert_true(logits[0] == FLT_MAX);
    assert_true(history_clamp(1e39) == FLT_MAX && history_clamp(-1e39) == -FLT_MAX);
    assert_true(history_clamp(-HUGE_VAL) == -INFINITY);
}

static void no_n_gram_comes_twice(void **state) {
    (void)state;
    unsigned n_banned = 0;
    for (uint64_t round = 0; round < 2000; round++) {
        fill(round);
        uint32_t n = (uint32_t)(lnr_rng_u64(round, 3, 0) % (N_MAX + 1));
        uint32_t n_gram = 1 + (uint32_t)(round % 6);
        double want[N_VOCAB];
        for (int id = 0; id < N_VOCAB; id++) {
            bool banned = false;
            for (uint32_t i = 0; i + n_gram <= n; i++)
                banned |= token[i + n_gram - 1] == id && memcmp(token + i, token + n - (n_gram - 1),
                                                                (n_gram - 1) * sizeof *token) == 0;
            want[id] = banned ? -INFINITY : (double)logits[id];
            n_banned += banned;
        }
        history_no_repeat(&(history){token, NULL, n, 0}, n_gram, &scratch, target);
        expect_near(logits, want);
    }
    assert_true(n_banned > 1000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(penalties_count_the_window),
        cmocka_unit_test(dry_agrees_with_the_definition),
        cmocka_unit_test(a_huge_penalty_is_no_ban),
        cmocka_unit_test(no_n_gram_comes_twice),
    };
    if (history_scratch_init(&scratch, N_VOCAB, N_MAX, NULL) != LNR_OK)
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    history_scratch_deinit(&scratch);
    return failed;
}
