/* Saved conversations; see saved_chat.h. Reading is strict: what is not understood is refused by
 * name, so that nothing of a file is lost without a word. */
#include "app/saved_chat.h"

#include "app/input.h"
#include "base/alloc.h"
#include "os/os.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

/* How tokens were sampled: what is a number and not the seed. Lists (biases, breakers, the order of
 * steps) belong to the command line and stay as they are there. */
enum { FLOAT, U32, I32 };
#define NUMBER(kind, field)                                                                        \
    { #field, kind, offsetof(lnr_sampler_options, field) }
static const struct {
    const char *name;
    int kind;
    size_t offset;
} numbers[] = {
    NUMBER(FLOAT, temperature),
    NUMBER(U32, top_k),
    NUMBER(FLOAT, top_p),
    NUMBER(FLOAT, min_p),
    NUMBER(FLOAT, typical_p),
    NUMBER(FLOAT, tfs_z),
    NUMBER(FLOAT, top_n_sigma),
    NUMBER(FLOAT, xtc_probability),
    NUMBER(FLOAT, xtc_threshold),
    NUMBER(FLOAT, dynatemp_range),
    NUMBER(FLOAT, dynatemp_exponent),
    NUMBER(FLOAT, repeat_penalty),
    NUMBER(FLOAT, frequency_penalty),
    NUMBER(FLOAT, presence_penalty),
    NUMBER(I32, penalty_last_n),
    NUMBER(FLOAT, dry_multiplier),
    NUMBER(FLOAT, dry_base),
    NUMBER(U32, dry_allowed_length),
    NUMBER(I32, dry_penalty_last_n),
    NUMBER(U32, no_repeat_ngram),
    NUMBER(U32, mirostat),
    NUMBER(FLOAT, mirostat_tau),
    NUMBER(FLOAT, mirostat_eta),
    NUMBER(U32, min_keep),
};
#define N_NUMBERS (sizeof numbers / sizeof numbers[0])

/* ---- writing ---------------------------------------------------------------------------------
 */

/* As a number where every JSON reader keeps it exactly, else as a string. */
static void write_seed(app_json *j, uint64_t seed) {
    char text[24];
    snprintf(text, sizeof text, "%" PRIu64, seed);
    if (seed <= (UINT64_C(1) << 53))
        app_json_uint(j, "seed", seed);
    else
        app_json_cstr(j, "seed", text);
}

static void write_sampling(app_json *j, const lnr_sampler_options *s) {
    app_json_object(j, "sampling");
    for (size_t i = 0; i < N_NUMBERS; i++) {
        const void *from = (const char *)s + numbers[i].offset;
        if (numbers[i].kind == FLOAT)
            app_json_float(j, numbers[i].name, *(const float *)from);
        else if (numbers[i].kind == U32)
            app_json_uint(j, numbers[i].name, *(const uint32_t *)from);
        else
            app_json_int(j, numbers[i].name, *(const int32_t *)from);
    }
    write_seed(j, s->seed);
    app_json_end(j);
}

static lnr_status write_file(const char *path, const lnr_buf *text, lnr_error *err) {
    os_writer *w;
    if (buf_failed(text))
        return LNR_FAIL(err, LNR_E_NOMEM, "%s%s: no memory to write it", LNR_PATH(path));
    LNR_TRY(os_writer_open_private(path, &w, err));
    lnr_status st = os_writer_write(w, text->p, text->n, err);
    if (st == LNR_OK)
        return os_writer_commit(w, err);
    os_writer_abandon(w);
    return st;
}

lnr_status app_chat_save(const char *path, const app_conversation *c, const char *model,
                         const lnr_sampler_options *sampling, lnr_error *err) {
    app_json j;
    app_json_init(&j);
    app_json_object(&j, NULL);
    app_json_cstr(&j, "model", model);
    write_sampling(&j, sampling);
    app_conversation_write(c, 0, &j);
    app_json_end(&j);
    buf_add_char(&j.text, '\n');
    lnr_status st = write_file(path, &j.text, err);
    app_json_deinit(&j);
    return st;
}

/* ---- reading ---------------------------------------------------------------------------------
 */

/* A field's value and where it stands, for the error line. */
typedef struct field {
    const char *folder; /* "sampling." */
    const char *name;
    json_t *value;
} field;

static lnr_status wrong(const field *f, const char *expected, lnr_error *err) {
    return LNR_FAIL(err, LNR_E_FORMAT, "field '%s%.*s': expected %s", f->folder,
                    LNR_STR(lnr_str_from(f->name)), expected);
}

static lnr_status unknown(const field *f, lnr_error *err) {
    return LNR_FAIL(err, LNR_E_FORMAT, "field '%s%.*s' is unknown", f->folder,
                    LNR_STR(lnr_str_from(f->name)));
}

static lnr_status read_int(const field *f, int64_t min, int64_t max, int64_t *out, lnr_error *err) {
    if (!json_is_integer(f->value) || json_integer_value(f->value) < min ||
        json_integer_value(f->value) > max)
        return wrong(f, "a whole number in range", err);
    *out = json_integer_value(f->value);
    return LNR_OK;
}

static lnr_status read_seed(const field *f, uint64_t *out, lnr_error *err) {
    if (!json_is_string(f->value)) {
        int64_t small = 0;
        LNR_TRY(read_int(f, 0, INT64_MAX, &small, err));
        *out = (uint64_t)small;
        return LNR_OK;
    }
    const char *text = json_string_value(f->value);
    char *end;
    errno = 0;
    uint64_t seed = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || errno != 0)
        return wrong(f, "a whole number below 2^64", err);
    *out = seed;
    return LNR_OK;
}

static lnr_status read_float(const field *f, float *out, lnr_error *err) {
    if (!json_is_number(f->value) || !isfinite((float)json_number_value(f->value)))
        return wrong(f, "a number", err);
    *out = (float)json_number_value(f->value);
    return LNR_OK;
}

static lnr_status read_sampling_field(const field *f, lnr_sampler_options *s, lnr_error *err) {
    if (strcmp(f->name, "seed") == 0)
        return read_seed(f, &s->seed, err);
    size_t i = 0;
    while (i < N_NUMBERS && strcmp(f->name, numbers[i].name) != 0)
        i++;
    if (i == N_NUMBERS)
        return unknown(f, err);
    void *to = (char *)s + numbers[i].offset;
    int64_t value = 0;
    if (numbers[i].kind == FLOAT)
        return read_float(f, to, err);
    if (numbers[i].kind == U32) {
        LNR_TRY(read_int(f, 0, UINT32_MAX, &value, err));
        *(uint32_t *)to = (uint32_t)value;
    } else {
        LNR_TRY(read_int(f, INT32_MIN, INT32_MAX, &value, err));
        *(int32_t *)to = (int32_t)value;
    }
    return LNR_OK;
}

static lnr_status read_sampling(const field *f, app_saved_chat *out, lnr_error *err) {
    field inner = {.folder = "sampling."};
    if (!json_is_object(f->value))
        return wrong(f, "an object", err);
    json_object_foreach(f->value, inner.name, inner.value)
        LNR_TRY(read_sampling_field(&inner, &out->sampling, err));
    lnr_error bad;
    if (lnr_sampler_check(&out->sampling, &bad))
        return LNR_FAIL(err, LNR_E_FORMAT, "field 'sampling': %s", bad.text);
    out->has_sampling = true;
    return LNR_OK;
}

static lnr_status read_str(const field *f, lnr_str *out, lnr_error *err) {
    if (!json_is_string(f->value))
        return wrong(f, "a string", err);
    *out = (lnr_str){json_string_value(f->value), json_string_length(f->value)};
    return LNR_OK;
}

/* The role of the next message, which must fit those before it. */
static lnr_status read_role(const field *f, const app_conversation *c, app_role *out,
                            lnr_error *err) {
    lnr_str role = {0};
    LNR_TRY(read_str(f, &role, err));
    bool asked = c->n > 0 && c->message[c->n - 1].role == APP_ROLE_USER;
    if (c->n == 0 && lnr_str_is(role, "system"))
        *out = APP_ROLE_SYSTEM;
    else if (!asked && lnr_str_is(role, "user"))
        *out = APP_ROLE_USER;
    else if (asked && lnr_str_is(role, "assistant"))
        *out = APP_ROLE_ASSISTANT;
    else
        return wrong(f,
                     asked       ? "'assistant', after a user's message"
                     : c->n == 0 ? "'system' or 'user'"
                                 : "'user'",
                     err);
    return LNR_OK;
}

static lnr_status read_message(json_t *value, app_conversation *c, lnr_error *err) {
    char folder[40];
    snprintf(folder, sizeof folder, "messages[%zu]", c->n);
    field f = {.folder = folder, .name = "", .value = value};
    if (!json_is_object(value))
        return wrong(&f, "an object", err);
    strcat(folder, ".");
    lnr_str content = {0}, reasoning = {0};
    app_role role = APP_ROLE_USER;
    json_object_foreach(value, f.name, f.value) {
        if (strcmp(f.name, "role") == 0)
            LNR_TRY(read_role(&f, c, &role, err));
        else if (strcmp(f.name, "content") == 0)
            LNR_TRY(read_str(&f, &content, err));
        else if (strcmp(f.name, "reasoning_content") == 0)
            LNR_TRY(read_str(&f, &reasoning, err));
        else
            return unknown(&f, err);
    }
    f.name = json_object_get(value, "role") ? "content" : "role";
    if (json_object_get(value, f.name) == NULL)
        return LNR_FAIL(err, LNR_E_FORMAT, "field '%s%s' is missing", folder, f.name);
    return app_conversation_add(c, role, content, reasoning, err);
}

static lnr_status read_messages(const field *f, app_conversation *c, lnr_error *err) {
    size_t i;
    json_t *value;
    if (!json_is_array(f->value))
        return wrong(f, "a list", err);
    json_array_foreach(f->value, i, value) LNR_TRY(read_message(value, c, err));
    if (c->n > 0 && c->message[c->n - 1].role == APP_ROLE_USER)
        return LNR_FAIL(err, LNR_E_FORMAT,
                        "field 'messages[%zu]': the last message has no answer behind it",
                        c->n - 1);
    return LNR_OK;
}

static lnr_status read_root(json_t *root, app_saved_chat *out, lnr_error *err) {
    field f = {.folder = "", .value = root};
    lnr_str model = {0};
    if (!json_is_object(root))
        return LNR_FAIL(err, LNR_E_FORMAT, "expected an object with messages");
    json_object_foreach(root, f.name, f.value) {
        if (strcmp(f.name, "messages") == 0)
            LNR_TRY(read_messages(&f, &out->conversation, err));
        else if (strcmp(f.name, "sampling") == 0)
            LNR_TRY(read_sampling(&f, out, err));
        else if (strcmp(f.name, "model") == 0)
            LNR_TRY(read_str(&f, &model, err));
        else
            return unknown(&f, err);
    }
    if (json_object_get(root, "messages") == NULL)
        return LNR_FAIL(err, LNR_E_FORMAT, "field 'messages' is missing");
    if (model.p && (out->model = lnr_strdup_n(model.p, model.n)) == NULL)
        return LNR_FAIL(err, LNR_E_NOMEM, "no memory for the conversation");
    return LNR_OK;
}

static lnr_status read_text(lnr_str text, app_saved_chat *out, lnr_error *err) {
    json_error_t bad;
    json_t *root = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &bad);
    if (root == NULL)
        return LNR_FAIL(err, LNR_E_FORMAT, "JSON at line %d, column %d: %s", bad.line, bad.column,
                        bad.text);
    lnr_status st = read_root(root, out, err);
    json_decref(root);
    return st;
}

lnr_status app_chat_load(const char *path, const lnr_sampler_options *defaults, app_saved_chat *out,
                         lnr_error *err) {
    lnr_error inner;
    lnr_buf text;
    *out = (app_saved_chat){.sampling = *defaults};
    app_conversation_init(&out->conversation);
    buf_init(&text);
    lnr_status st = app_input_read(path, &text, err);
    if (st == LNR_OK) {
        st = read_text((lnr_str){text.n ? text.p : "", text.n}, out, &inner);
        if (st)
            LNR_FAIL(err, st, "%s%s: %s", LNR_PATH(path), inner.text);
    }
    if (st)
        app_saved_chat_deinit(out);
    buf_deinit(&text);
    return st;
}

void app_saved_chat_deinit(app_saved_chat *s) {
    app_conversation_deinit(&s->conversation);
    lnr_free(s->model);
    s->model = NULL;
}
