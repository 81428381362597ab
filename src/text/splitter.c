/* Pre-tokenisers as tables of patterns; see splitter.h.
 *
 * Patterns of a row are applied in turn: each cuts every piece left by the one before into its
 * matches and what lies between them. Look-ahead sees no further than the piece.
 *
 * Two differences to the published spelling, none in meaning: \s becomes the list of White_Space
 * characters, because PCRE2's \s matches U+180E too, and so no pattern needs PCRE2_UCP. */
#define PCRE2_CODE_UNIT_WIDTH 8

#include "text/splitter.h"

#include "base/alloc.h"

#include <pcre2.h>

#define PATTERNS_MAX 4

/* The insides of a character class. */
#define SPACE                                                                                      \
    "\\t-\\r \\x{85}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}"                \
    "\\x{205f}\\x{3000}"

#define GPT2_PATTERN                                                                               \
    "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^" SPACE "\\p{L}\\p{N}]+"                      \
    "|[" SPACE "]+(?![^" SPACE "])"

/* name: the file's name for it, and the names of files that share it are rows of their own. */
static const struct {
    const char *name;
    const char *pattern[PATTERNS_MAX];
} table[] = {
    {"gpt-2", {GPT2_PATTERN "|[" SPACE "]+"}},
    {"qwen2",
     {"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}"
      "| ?[^" SPACE "\\p{L}\\p{N}]+[\\r\\n]*|[" SPACE "]*[\\r\\n]+|[" SPACE "]+(?![^" SPACE "])"
      "|[" SPACE "]+"}},
    /* What llama.cpp does with files from before tokenizer.ggml.pre existed. */
    {"default", {"[\\p{P}\\$\\+<=>\\^~\\|]+", GPT2_PATTERN, "\\p{N}+", "[0-9][0-9][0-9]"}},
};

#define N_SPLITTERS (sizeof table / sizeof table[0])

struct splitter {
    const char *name;
    pcre2_general_context *memory;  /* owned; routes PCRE2 to lnr_alloc */
    pcre2_code *code[PATTERNS_MAX]; /* owned */
    size_t n_codes;
};

typedef struct piece_list {
    uint32_t *end; /* (n) ascending; owned */
    size_t n, capacity;
} piece_list;

struct splitter_run {
    const splitter *splitter; /* borrowed */
    const char *text;         /* borrowed during splitter_split */
    pcre2_match_data *match;  /* owned, as all below */
    pcre2_match_context *context;
    piece_list list[2]; /* the pieces before and after a pattern, in turn */
};

static void *pcre_alloc(size_t bytes, void *user) {
    (void)user;
    return lnr_alloc(bytes);
}

static void pcre_free(void *p, void *user) {
    (void)user;
    lnr_free(p);
}

static lnr_status find_row(lnr_str name, size_t *row, lnr_error *err) {
    char known[160] = "";
    size_t n = 0;
    for (size_t i = 0; i < N_SPLITTERS; i++) {
        if (lnr_str_is(name, table[i].name)) {
            *row = i;
            return LNR_OK;
        }
        size_t len = strlen(table[i].name);
        if (n + len + 3 < sizeof known) {
            memcpy(known + n, i ? ", " : "", i ? 2 : 0);
            memcpy(known + n + (i ? 2 : 0), table[i].name, len + 1);
            n += len + (i ? 2 : 0);
        }
    }
    return LNR_FAIL(err, LNR_E_UNSUPPORTED,
                    "tokenizer.ggml.pre '%.*s' is not supported; supported: %s", LNR_STR(name),
                    known);
}

static lnr_status compile(splitter *s, const char *pattern, lnr_error *err) {
    int code;
    size_t offset;
    pcre2_compile_context *context = pcre2_compile_context_create(s->memory);
    if (context == NULL)
        return LNR_FAIL(err, LNR_E_NOMEM, "splitter '%s'", s->name);
    pcre2_code *re = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, PCRE2_UTF, &code,
                                   &offset, context);
    pcre2_compile_context_free(context);
    if (re == NULL)
        return LNR_FAIL(err, code == PCRE2_ERROR_HEAP_FAILED ? LNR_E_NOMEM : LNR_E_UNSUPPORTED,
                        "splitter '%s': PCRE2 error %d at %zu of its pattern", s->name, code,
                        offset);
    s->code[s->n_codes++] = re;
    /* Where the JIT is missing or forbidden PCRE2 interprets: slower, with the same result. */
    if (pcre2_jit_compile(re, PCRE2_JIT_COMPLETE) == PCRE2_ERROR_NOMEMORY)
        return LNR_FAIL(err, LNR_E_NOMEM, "splitter '%s'", s->name);
    return LNR_OK;
}

lnr_status splitter_create(lnr_str name, splitter **out, lnr_error *err) {
    *out = NULL;
    size_t row = 0;
    LNR_TRY(find_row(name, &row, err));
    splitter *s = lnr_new(splitter);
    if (s == NULL)
        return LNR_FAIL(err, LNR_E_NOMEM, "splitter '%s'", table[row].name);
    s->name = table[row].name;
    s->memory = pcre2_general_context_create(pcre_alloc, pcre_free, NULL);
    lnr_status st = s->memory ? LNR_OK : LNR_FAIL(err, LNR_E_NOMEM, "splitter '%s'", s->name);
    for (size_t i = 0; !st && i < PATTERNS_MAX && table[row].pattern[i]; i++)
        st = compile(s, table[row].pattern[i], err);
    if (st)
        splitter_destroy(s);
    else
        *out = s;
    return st;
}

void splitter_destroy(splitter *s) {
    if (s == NULL)
        return;
    for (size_t i = 0; i < s->n_codes; i++)
        pcre2_code_free(s->code[i]);
    pcre2_general_context_free(s->memory);
    lnr_free(s);
}

const char *splitter_name(const splitter *s) {
    return s->name;
}

lnr_status splitter_run_create(const splitter *s, splitter_run **out, lnr_error *err) {
    *out = NULL;
    splitter_run *r = lnr_new(splitter_run);
    if (r) {
        r->splitter = s;
        r->match = pcre2_match_data_create(1, s->memory);
        r->context = pcre2_match_context_create(s->memory);
    }
    if (r == NULL || r->match == NULL || r->context == NULL) {
        splitter_run_destroy(r);
        return LNR_FAIL(err, LNR_E_NOMEM, "splitting text");
    }
    *out = r;
    return LNR_OK;
}

void splitter_run_destroy(splitter_run *r) {
    if (r == NULL)
        return;
    lnr_free(r->list[1].end);
    lnr_free(r->list[0].end);
    pcre2_match_context_free(r->context);
    pcre2_match_data_free(r->match);
    lnr_free(r);
}

static lnr_status add_end(piece_list *l, size_t end, lnr_error *err) {
    if (l->n == l->capacity) {
        size_t capacity = l->n < 32 ? 64 : l->n * 2;
        uint32_t *bigger = lnr_realloc_array(l->end, capacity, sizeof *bigger);
        if (bigger == NULL)
            return LNR_FAIL(err, LNR_E_NOMEM, "%zu pieces of text", capacity);
        l->end = bigger;
        l->capacity = capacity;
    }
    l->end[l->n++] = (uint32_t)end;
    return LNR_OK;
}

static lnr_status match_failed(const splitter_run *r, int code, size_t n_bytes, lnr_error *err) {
    if (code == PCRE2_ERROR_NOMEMORY)
        return LNR_FAIL(err, LNR_E_NOMEM, "splitting %zu bytes of text", n_bytes);
    return LNR_FAIL(err, LNR_E_LIMIT,
                    "splitter '%s' gave up on a piece of %zu bytes (PCRE2 error %d)",
                    r->splitter->name, n_bytes, code);
}

/* Cuts the piece [begin, end) of the text by one pattern and appends the parts' ends to l. */
static lnr_status cut(splitter_run *r, const pcre2_code *code, size_t begin, size_t end,
                      piece_list *l, lnr_error *err) {
    PCRE2_SPTR piece = (PCRE2_SPTR)r->text + begin;
    size_t n = end - begin;
    const size_t *match = pcre2_get_ovector_pointer(r->match);
    for (size_t at = 0; at < n; at = match[1]) {
        int rc = pcre2_match(code, piece, n, at, PCRE2_NO_UTF_CHECK | PCRE2_NOTEMPTY, r->match,
                             r->context);
        if (rc == PCRE2_ERROR_NOMATCH)
            return add_end(l, end, err);
        if (rc < 0)
            return match_failed(r, rc, n, err);
        if (match[0] > at)
            LNR_TRY(add_end(l, begin + match[0], err));
        LNR_TRY(add_end(l, begin + match[1], err));
    }
    return LNR_OK;
}

lnr_status splitter_split(splitter_run *r, lnr_str text, const uint32_t **ends, size_t *n_ends,
                          lnr_error *err) {
    piece_list *from = &r->list[0], *to = &r->list[1];
    *ends = NULL;
    *n_ends = 0;
    if (text.n == 0)
        return LNR_OK;
    r->text = text.p;
    from->n = 0;
    LNR_TRY(add_end(from, text.n, err));
    /* Ample for patterns that look at each character some times; nothing else ever gets this far.
     */
    uint64_t limit = 64 * (uint64_t)text.n + 10000;
    pcre2_set_match_limit(r->context, limit < UINT32_MAX ? (uint32_t)limit : UINT32_MAX);
    for (size_t i = 0; i < r->splitter->n_codes; i++) {
        to->n = 0;
        size_t begin = 0;
        for (size_t k = 0; k < from->n; k++) {
            LNR_TRY(cut(r, r->splitter->code[i], begin, from->end[k], to, err));
            begin = from->end[k];
        }
        piece_list *swap = from;
        from = to;
        to = swap;
    }
    *ends = from->end;
    *n_ends = from->n;
    return LNR_OK;
}
