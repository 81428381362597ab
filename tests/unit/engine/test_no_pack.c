/* A model whose weights stay in its file gives the bits of one that is packed, takes next to no
 * memory, and turns a file that shrinks under it into a request's error. */
#include <lanner/lanner.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define MODEL  LNR_SOURCE_DIR "/models/lanner-tiny-q8_0.gguf"
#define PROMPT 150 /* more than one micro-batch */

static char copy[64] = "/tmp/lanner-no-pack-XXXXXX";
static long copy_bytes;

static int make_copy(void **state) {
    (void)state;
    static char piece[1 << 16];
    FILE *in = fopen(MODEL, "rb");
    int fd = mkstemp(copy);
    FILE *out = fd < 0 ? NULL : fdopen(fd, "wb");
    if (in == NULL || out == NULL)
        return -1;
    for (size_t n; (n = fread(piece, 1, sizeof piece, in)) > 0; copy_bytes += (long)n)
        if (fwrite(piece, 1, n, out) != n)
            return -1;
    return fclose(in) | fclose(out);
}

static int remove_copy(void **state) {
    (void)state;
    return unlink(copy);
}

static lnr_model *load(bool no_pack) {
    lnr_model_options o = {.struct_size = sizeof o, .no_pack = no_pack};
    lnr_model *m;
    assert_int_equal(lnr_model_load(copy, &o, &m, NULL), LNR_OK);
    return m;
}

/* Greedy tokens after a fixed prompt; the DONE event. */
static lnr_event run(lnr_model *m, uint32_t n_threads) {
    int32_t prompt[PROMPT];
    for (int i = 0; i < PROMPT; i++)
        prompt[i] = 1 + i;
    lnr_engine *e;
    lnr_request *r;
    lnr_engine_options o = {.struct_size = sizeof o, .n_ctx = 256, .n_threads = n_threads};
    lnr_request_options q = {.struct_size = sizeof q,
                             .tokens = prompt,
                             .n_tokens = PROMPT,
                             .max_tokens = 8,
                             .ignore_end = true,
                             .hash_logits = true};
    lnr_sampler_defaults(&q.sampler);
    q.sampler.temperature = 0.0f;
    assert_int_equal(lnr_engine_create(m, &o, &e, NULL), LNR_OK);
    assert_int_equal(lnr_engine_submit(e, &q, &r, NULL), LNR_OK);
    lnr_event ev = {0};
    bool active;
    while (ev.kind != LNR_EVENT_DONE) {
        assert_int_equal(lnr_engine_step(e, &active, NULL), LNR_OK);
        while (ev.kind != LNR_EVENT_DONE && lnr_request_next(r, &ev))
            ;
    }
    lnr_request_release(r);
    lnr_engine_destroy(e);
    return ev;
}

static void same_bits(void **state) {
    (void)state;
    lnr_model *packed = load(false), *left = load(true);
    lnr_model_info a, b;
    lnr_model_get_info(packed, &a);
    lnr_model_get_info(left, &b);
    assert_int_equal(a.n_parameters, b.n_parameters);
    assert_true(b.weight_bytes < a.weight_bytes / 50); /* norms only */
    lnr_event x = run(packed, 2);
    for (uint32_t n = 1; n <= 2; n++) {
        lnr_event y = run(left, n);
        assert_int_equal(y.finish, LNR_FINISH_LENGTH);
        assert_true(x.logits_hash == y.logits_hash);
    }
    lnr_model_unref(packed);
    lnr_model_unref(left);
}

static void a_file_that_shrinks(void **state) {
    (void)state;
    lnr_model *m = load(true);
    assert_int_equal(truncate(copy, copy_bytes / 2), 0);
    lnr_event ev = run(m, 2);
    assert_int_equal(ev.finish, LNR_FINISH_ERROR);
    assert_non_null(strstr(ev.error.text, copy));
    lnr_model_unref(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_bits),
        cmocka_unit_test(a_file_that_shrinks),
    };
    return cmocka_run_group_tests(tests, make_copy, remove_copy);
}
