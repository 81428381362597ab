/* See words.h. */
#include "tools/words.h"

#include "base/alloc.h"
#include "base/arena.h"
#include "base/rng.h"
#include "base/strmap.h"
#include "base/utf8.h"
#include "text/byte_level.h"
#include "text/tokenizer.h"

#include <inttypes.h>
#include <stdio.h>

#define KEY(name)    "tokenizer.ggml." name
#define TEXT_BYTES   12 /* longest made-up token */
#define JOIN_BYTES   6  /* a join of two has at least so many: real tokens have 9 on average */
#define LETTERS      "etaoinshrdlcumwfgypbvkjxqz" /* by frequency in English: joined first */
#define CONTROLS_MAX 32

typedef struct words {
    uint32_t n, n_max;
    uint32_t n_made; /* ids that joins may fill */
    lnr_str *text;   /* (n_max); in arena */
    int32_t *kind;
    float *score;
    lnr_str *merge; /* (n_merges) "left right"; in arena */
    uint32_t n_merges;
    arena arena;
    strmap known;
    bool failed; /* memory ran short */
} words;

typedef struct family_info {
    const char *model, *pre;        /* pre: NULL for SentencePiece */
    const char *first[8];           /* control tokens before all others; ended by NULL */
    const char *last[CONTROLS_MAX]; /* and behind */
    uint32_t n_before_last;     /* tokens before them; 0: as many as fit. What is left is unused */
    int32_t bos, eos, unk, pad; /* TOKEN_NONE: no such key */
    bool add_bos, add_space;
    const char *template;
} family_info;

#define CHATML                                                                                     \
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"     \
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
#define LLAMA3                                                                                     \
    "{{ bos_token }}{% for m in messages %}<|start_header_id|>{{ m.role }}<|end_header_id|>\n\n"   \
    "{{ m.content }}<|eot_id|>{% endfor %}{% if add_generation_prompt %}"                          \
    "<|start_header_id|>assistant<|end_header_id|>\n\n{% endif %}"
#define INST                                                                                       \
    "{{ bos_token }}{% for m in messages %}{% if m.role == 'assistant' %} {{ m.content }}"         \
    "{{ eos_token }}{% else %}[INST] {{ m.content }} [/INST]{% endif %}{% endfor %}"
#define PHI                                                                                        \
    "{% for m in messages %}<|{{ m.role }}|>\n{{ m.content }}<|end|>\n{% endfor %}"                \
    "{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
#define TURNS                                                                                      \
    "{{ bos_token }}{% for m in messages %}<start_of_turn>{{ 'model' if m.role == 'assistant' "    \
    "else m.role }}\n{{ m.content }}<end_of_turn>\n{% endfor %}{% if add_generation_prompt %}"     \
    "<start_of_turn>model\n{% endif %}"

static const family_info families[] = {
    [WORDS_QWEN] = {.model = "gpt2",
                    .pre = "qwen2",
                    .n_before_last = 151643,
                    .bos = 151643,
                    .eos = 151645,
                    .unk = TOKEN_NONE,
                    .pad = 151643,
                    .template = CHATML,
                    .last = {"<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|object_ref_start|>",
                             "<|object_ref_end|>", "<|box_start|>", "<|box_end|>", "<|quad_start|>",
                             "<|quad_end|>", "<|vision_start|>", "<|vision_end|>", "<|vision_pad|>",
                             "<|image_pad|>", "<|video_pad|>"}},
    [WORDS_LLAMA3] = {.model = "gpt2",
                      .pre = "llama-bpe",
                      .n_before_last = 128000,
                      .bos = 128000,
                      .eos = 128009,
                      .unk = TOKEN_NONE,
                      .pad = TOKEN_NONE,
                      .add_bos = true,
                      .template = LLAMA3,
                      .last = {"<|begin_of_text|>", "<|end_of_text|>",
                               "<|reserved_special_token_0|>", "<|reserved_special_token_1|>",
                               "<|finetune_right_pad_id|>", "<|reserved_special_token_2|>",
                               "<|start_header_id|>", "<|end_header_id|>", "<|eom_id|>",
                               "<|eot_id|>", "<|python_tag|>"}},
    [WORDS_LLAMA2] = {.model = "llama",
                      .first = {"<unk>", "<s>", "</s>"},
                      .bos = 1,
                      .eos = 2,
                      .unk = 0,
                      .pad = 2,
                      .add_bos = true,
                      .add_space = true,
                      .template = INST},
    [WORDS_MISTRAL] = {.model = "llama",
                       .bos = 1,
                       .eos = 2,
                       .unk = 0,
                       .pad = TOKEN_NONE,
                       .first = {"<unk>", "<s>", "</s>", "[INST]", "[/INST]"},
                       .add_bos = true,
                       .add_space = true,
                       .template = INST},
    [WORDS_PHI3] = {.model = "llama",
                    .first = {"<unk>", "<s>", "</s>"},
                    .n_before_last = 32000,
                    .bos = 1,
                    .eos = 32007,
                    .unk = 0,
                    .pad = TOKEN_NONE,
                    .add_bos = true,
                    .add_space = true,
                    .template = PHI,
                    .last = {"<|endoftext|>", "<|assistant|>", "<|placeholder1|>",
                             "<|placeholder2|>", "<|placeholder3|>", "<|placeholder4|>",
                             "<|system|>", "<|end|>", "<|placeholder5|>", "<|placeholder6|>",
                             "<|user|>"}},
    [WORDS_GEMMA3] = {.model = "llama",
                      .bos = 2,
                      .eos = 1,
                      .unk = 3,
                      .pad = 0,
                      .add_bos = true,
                      .first = {"<pad>", "<eos>", "<bos>", "<unk>", "<mask>", "<start_of_turn>",
                                "<end_of_turn>"},
                      .template = TURNS},
};

/* ---- adding tokens
 * ------------------------------------------------------------------------------- */

static void add(words *v, lnr_str text, int32_t kind) {
    uint32_t id = v->n;
    bool found = false;
    char *copy = v->n < v->n_max ? arena_strdup_n(&v->arena, text.p, text.n) : NULL;
    if (copy == NULL || !strmap_add(&v->known, (lnr_str){copy, text.n}, &id, &found)) {
        v->failed = true;
        return;
    }
    if (found)
        return;
    v->text[v->n] = (lnr_str){copy, text.n};
    v->score[v->n] = kind == TOKEN_NORMAL ? -(float)v->n : 0.0f;
    v->kind[v->n++] = kind;
}

/* Adds the join of two tokens and its merge rule; false if it is there already or too long. */
static bool join(words *v, lnr_str a, lnr_str b) {
    char text[2 * TEXT_BYTES + 1];
    size_t n = a.n + b.n;
    uint32_t id;
    if (n > TEXT_BYTES)
        return false;
    memcpy(text, a.p, a.n);
    memcpy(text + a.n, b.p, b.n);
    if (strmap_find(&v->known, (lnr_str){text, n}, &id))
        return false;
    add(v, (lnr_str){text, n}, TOKEN_NORMAL);
    text[a.n] = ' ';
    memcpy(text + a.n + 1, b.p, b.n);
    char *rule = arena_strdup_n(&v->arena, text, n + 1);
    v->failed |= rule == NULL;
    v->merge[v->n_merges++] = (lnr_str){rule, n + 1};
    return true;
}

/* All pairs and triples of letters, a space first or not, as far as there is room. */
static void add_short(words *v, lnr_str space) {
    uint32_t begin = v->n;
    lnr_str letters = lnr_str_from(LETTERS);
    for (size_t i = 0; i <= letters.n && v->n < v->n_made; i++)
        for (size_t j = 0; j < letters.n && v->n < v->n_made; j++)
            join(v, i == 0 ? space : (lnr_str){letters.p + i - 1, 1}, (lnr_str){letters.p + j, 1});
    uint32_t end = v->n;
    for (uint32_t i = begin; i < end && v->n < v->n_made; i++)
        for (size_t j = 0; j < letters.n && v->n < v->n_made; j++)
            join(v, v->text[i], (lnr_str){letters.p + j, 1});
}

/* Random joins; the right one has no space in front. */
static void add_joins(words *v, lnr_str space, uint64_t seed) {
    uint32_t begin = v->n / 2;
    for (uint64_t draw = 0; v->n < v->n_made && !v->failed; draw++) {
        uint64_t range = v->n - begin;
        lnr_str a = v->text[begin + lnr_rng_scale(lnr_rng_u64(seed, draw, 0), range)];
        lnr_str b = v->text[begin + lnr_rng_scale(lnr_rng_u64(seed, draw, 1), range)];
        if (b.n >= space.n && memcmp(b.p, space.p, space.n) == 0)
            continue;
        if (a.n + b.n >= JOIN_BYTES || draw % 4 == 0)
            join(v, a, b);
    }
}

static void add_controls(words *v, const char *const *names) {
    for (size_t i = 0; names[i]; i++)
        add(v, lnr_str_from(names[i]),
            strcmp(names[i], "<unk>") == 0 ? TOKEN_UNKNOWN : TOKEN_CONTROL);
}

static void add_last(words *v, const family_info *f) {
    add_controls(v, f->last);
    while (v->n < v->n_max && !v->failed) {
        char name[32];
        int n = snprintf(name, sizeof name, "[PAD%" PRIu32 "]", v->n);
        add(v, (lnr_str){name, (size_t)n}, TOKEN_UNUSED);
    }
}

/* ---- the two kinds
 * ------------------------------------------------------------------------------- */

static void make_bpe(words *v, const family_info *f, uint64_t seed) {
    char text[LNR_UTF8_MAX], space_text[LNR_UTF8_MAX];
    for (unsigned pass = 0; pass < 2; pass++) /* printable bytes first, as in GPT-2's */
        for (unsigned b = 0; b < 256; b++) {
            uint32_t c = byte_level_char((uint8_t)b);
            if ((c != b) == (pass == 1))
                add(v, (lnr_str){text, lnr_utf8_encode(c, text)}, TOKEN_NORMAL);
        }
    lnr_str space = {space_text, lnr_utf8_encode(byte_level_char(' '), space_text)};
    v->n_made = f->n_before_last;
    add_short(v, space);
    add_joins(v, space, seed);
    add_last(v, f);
}

static void make_spm(words *v, const family_info *f, uint64_t seed) {
    lnr_str space = lnr_str_from("\xe2\x96\x81");
    char text[8];
    add_controls(v, f->first);
    for (unsigned b = 0; b < 256; b++) {
        int n = snprintf(text, sizeof text, "<0x%02X>", b);
        add(v, (lnr_str){text, (size_t)n}, TOKEN_BYTE);
    }
    /* Single characters come last, with the lowest scores: nothing is merged into them. */
    uint32_t n_chars = 1 + ('~' - '!' + 1);
    v->n_made = (f->n_before_last ? f->n_before_last : v->n_max) - n_chars;
    add_short(v, space);
    add_joins(v, space, seed);
    add(v, space, TOKEN_NORMAL);
    for (char c = '!'; c <= '~'; c++)
        add(v, (lnr_str){&c, 1}, TOKEN_NORMAL);
    add_last(v, f);
}

/* ---- writing
 * ------------------------------------------------------------------------------------- */

static void put_id(gguf_writer *w, const char *key, int32_t id) {
    if (id != TOKEN_NONE)
        gguf_writer_u32(w, key, (uint32_t)id);
}

static void put(const words *v, const family_info *f, gguf_writer *w) {
    gguf_writer_str(w, KEY("model"), lnr_str_from(f->model));
    gguf_writer_str(w, KEY("pre"), lnr_str_from(f->pre ? f->pre : "default"));
    gguf_writer_array(w, KEY("tokens"), GGUF_STRING, v->n, v->text);
    if (f->pre == NULL)
        gguf_writer_array(w, KEY("scores"), GGUF_F32, v->n, v->score);
    gguf_writer_array(w, KEY("token_type"), GGUF_I32, v->n, v->kind);
    if (f->pre)
        gguf_writer_array(w, KEY("merges"), GGUF_STRING, v->n_merges, v->merge);
    put_id(w, KEY("bos_token_id"), f->bos);
    put_id(w, KEY("eos_token_id"), f->eos);
    put_id(w, KEY("unknown_token_id"), f->unk);
    put_id(w, KEY("padding_token_id"), f->pad);
    gguf_writer_bool(w, KEY("add_bos_token"), f->add_bos);
    if (f->pre == NULL)
        gguf_writer_bool(w, KEY("add_space_prefix"), f->add_space);
    gguf_writer_str(w, "tokenizer.chat_template", lnr_str_from(f->template));
}

lnr_status words_write(word_family family, uint32_t n_tokens, uint64_t seed, gguf_writer *w,
                       lnr_error *err) {
    const family_info *f = &families[family];
    words v = {.n_max = n_tokens};
    arena_init(&v.arena);
    strmap_init(&v.known);
    v.text = arena_alloc(&v.arena, n_tokens, sizeof *v.text);
    v.kind = arena_alloc(&v.arena, n_tokens, sizeof *v.kind);
    v.score = arena_alloc(&v.arena, n_tokens, sizeof *v.score);
    v.merge = arena_alloc(&v.arena, n_tokens, sizeof *v.merge);
    v.failed = !v.text || !v.kind || !v.score || !v.merge || !strmap_reserve(&v.known, n_tokens);
    if (!v.failed) {
        if (f->pre)
            make_bpe(&v, f, seed);
        else
            make_spm(&v, f, seed);
    }
    lnr_status st = LNR_OK;
    if (v.failed)
        st = LNR_FAIL(err, LNR_E_NOMEM, "no memory for a vocabulary of %" PRIu32 " tokens",
                      n_tokens);
    else
        put(&v, f, w);
    strmap_deinit(&v.known);
    arena_deinit(&v.arena);
    return st;
}
