/* What the engine says it read and computed, against what the model file's header says there is:
 * a second way to the same numbers, through names and shapes of tensors only. */
#include <lanner/lanner.h>

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define MODEL    LNR_SOURCE_DIR "/models/lanner-tiny-q8_0.gguf"
#define PROMPT   70 /* two KV blocks, one micro-batch */
#define N_THREAD 2

static lnr_model *model;
static lnr_model_info info;

static int load(void **state) {
    (void)state;
    if (lnr_model_load(MODEL, NULL, &model, NULL) != LNR_OK)
        return -1;
    lnr_model_get_info(model, &info);
    return 0;
}

static int unload(void **state) {
    (void)state;
    lnr_model_unref(model);
    return 0;
}

/* What every step reads and multiplies: all matrices (panels of 16 rows), but of an embedding
 * table that is not the output matrix too nothing; and one row of that table. */
static void from_header(uint64_t *bytes, uint64_t *macs, uint64_t *row_bytes) {
    lnr_file *f;
    lnr_tensor_info t;
    *bytes = *macs = *row_bytes = 0;
    assert_int_equal(lnr_file_open(MODEL, &f, NULL), LNR_OK);
    for (size_t i = 0; i < lnr_file_n_tensors(f); i++) {
        lnr_file_tensor(f, i, &t);
        if (t.n_dims < 2)
            continue;
        uint64_t row = t.bytes / t.dim[1];
        bool table = strcmp(t.name, "token_embd.weight") == 0;
        if (table)
            *row_bytes = row;
        if (!table || info.tied) {
            *bytes += (t.dim[1] + 15) / 16 * 16 * row;
            *macs += t.dim[0] * t.dim[1];
        }
    }
    lnr_file_close(f);
}

/* Steps until the request has sampled another token. */
static void step_to_token(lnr_engine *e, lnr_request *r) {
    lnr_event ev;
    bool active;
    do
        assert_int_equal(lnr_engine_step(e, &active, NULL), LNR_OK);
    while (!lnr_request_next(r, &ev));
    assert_int_equal(ev.kind, LNR_EVENT_TOKEN);
}

static void a_step_reads_what_the_file_holds(void **state) {
    (void)state;
    uint64_t bytes, macs, row;
    from_header(&bytes, &macs, &row);
    assert_true(bytes > 0 && macs > 0 && row > 0);
    int32_t prompt[PROMPT];
    for (int i = 0; i < PROMPT; i++)
        prompt[i] = 1 + i;
    lnr_engine *e;
    lnr_request *r;
    lnr_engine_options o = {.struct_size = sizeof o, .n_ctx = 256, .n_threads = N_THREAD};
    lnr_request_options q = {.struct_size = sizeof q,
                             .tokens = prompt,
                             .n_tokens = PROMPT,
                             .max_tokens = 8,
                             .ignore_end = true};
    lnr_sampler_defaults(&q.sampler);
    assert_int_equal(lnr_engine_create(model, &o, &e, NULL), LNR_OK);
    assert_int_equal(lnr_engine_submit(e, &q, &r, NULL), LNR_OK);
    lnr_engine_counters before, c;
    lnr_engine_get_counters(e, &before);
    assert_int_equal(before.weight_bytes + before.kv_bytes, 0);
    step_to_token(e,
                  r); /* the prompt: the weights once for all its tokens, the head for the last */
    lnr_engine_get_counters(e, &before);
    assert_int_equal(before.n_steps, 1);
    assert_int_equal(before.n_tokens, PROMPT);
    assert_int_equal(before.weight_bytes, bytes + PROMPT * row);
    uint64_t head = (uint64_t)info.n_vocab * info.n_embd;
    assert_int_equal(before.int8_macs, (macs - head) * PROMPT + head);
    uint64_t per_position = (uint64_t)info.n_layers * info.n_heads * info.head_dim * 2;
    assert_int_equal(before.f32_macs, per_position * (PROMPT * (PROMPT + 1) / 2));
    step_to_token(e, r); /* one token, at position PROMPT */
    lnr_engine_get_counters(e, &c);
    assert_int_equal(c.n_steps, 2);
    assert_int_equal(c.n_tokens, PROMPT + 1);
    assert_int_equal(c.weight_bytes - before.weight_bytes, bytes + row);
    assert_int_equal(c.int8_macs - before.int8_macs, macs);
    assert_int_equal(c.f32_macs - before.f32_macs, per_position * (PROMPT + 1));
    uint64_t kv_position = (uint64_t)info.n_layers * info.n_heads_kv * info.head_dim * 2 * 2;
    assert_int_equal(c.kv_bytes - before.kv_bytes, kv_position * (PROMPT + 1));
    lnr_request_release(r);
    lnr_engine_destroy(e);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_step_reads_what_the_file_holds),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
