/* Pre-tokenisers as tables of patterns; see splitter.h.
 *
 * Patterns of a row are applied in turn: each cuts every piece left by the one before into its
 * matches and what lies between them. Look-ahead sees no further than the piece.
 *
 * The patterns are those of the models' own tokenizer.json files in another spelling: \s is
 * PATTERN_SPACE, characters beyond ASCII are written as numbers, and "\s+$" says that it begins
 * where the spaces begin, because PCRE2's interpreter, unlike its JIT, would try the rest of a run
 * from each of its spaces. For gpt-4o and tekken llama.cpp has other patterns than the models:
 * there letters outside A-Z are of both cases and marks are no letters.
 *
 * All take time linear in the text. Where an alternative fails after a long run (spaces without a
 * line end, upper-case letters without a lower-case one), a later alternative takes that run whole,
 * so that no character is looked at more than a few times. */
#include "text/splitter.h"

#include "base/alloc.h"
#include "text/pattern.h"

#define S PATTERN_SPACE

/* ---- the table --------------------------------------------------------------------------------
 */

/* Pieces of several patterns. */
#define NOT_SPACE_LETTER_NUMBER "[^" S "\\p{L}\\p{N}]"
#define CONTRACTION             "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
#define LETTER_PREFIX           "[^\\r\\n\\p{L}\\p{N}]?"
#define SPACES_BUT_LAST         "[" S "]+(?![^" S "])|[" S "]+"
#define LINES_THEN_SPACES       "[" S "]*[\\r\\n]+|" SPACES_BUT_LAST

#define GPT2                                                                                       \
    "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?" NOT_SPACE_LETTER_NUMBER "+|" SPACES_BUT_LAST

/* Of the cl100k family; numbers differ. */
#define CL100K(numbers)                                                                            \
    CONTRACTION "|" LETTER_PREFIX "\\p{L}+|" numbers "| ?" NOT_SPACE_LETTER_NUMBER                 \
                "+[\\r\\n]*|" LINES_THEN_SPACES
#define LLAMA3 CL100K("\\p{N}{1,3}")
#define QWEN2  CL100K("\\p{N}")
/* As QWEN2, with marks belonging to letters. */
#define QWEN35                                                                                     \
    CONTRACTION "|" LETTER_PREFIX "[\\p{L}\\p{M}]+|\\p{N}| ?[^" S                                  \
                "\\p{L}\\p{M}\\p{N}]+[\\r\\n]*|" LINES_THEN_SPACES

/* Of the o200k family: a word changes case at most once, from upper to lower. */
#define UPPER "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]"
#define LOWER "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]"
#define O200K(suffix, numbers)                                                                     \
    LETTER_PREFIX UPPER "*" LOWER "+" suffix "|" LETTER_PREFIX UPPER "+" LOWER "*" suffix          \
                        "|" numbers "| ?" NOT_SPACE_LETTER_NUMBER "+[\\r\\n/]*|" LINES_THEN_SPACES

/* Letters with case of an older Unicode, Armenian small letters left out. */
#define DEEPSEEK_LETTERS                                                                           \
    "[A-Za-z\\x{b5}\\x{c0}-\\x{d6}\\x{d8}-\\x{f6}\\x{f8}-\\x{1ba}\\x{1bc}-\\x{1bf}"                \
    "\\x{1c4}-\\x{293}\\x{295}-\\x{2af}\\x{370}-\\x{373}\\x{376}\\x{377}\\x{37b}-\\x{37d}"         \
    "\\x{37f}\\x{386}\\x{388}-\\x{38a}\\x{38c}\\x{38e}-\\x{3a1}\\x{3a3}-\\x{3f5}"                  \
    "\\x{3f7}-\\x{481}\\x{48a}-\\x{52f}\\x{531}-\\x{556}\\x{10a0}-\\x{10c5}"                       \
    "\\x{13a0}-\\x{13f5}\\x{13f8}-\\x{13fd}\\x{1c90}-\\x{1cba}\\x{1cbd}-\\x{1cbf}"                 \
    "\\x{1d00}-\\x{1d2b}\\x{1d6b}-\\x{1d77}\\x{1d79}-\\x{1d9a}\\x{1e00}-\\x{1f15}"                 \
    "\\x{1f18}-\\x{1f1d}\\x{1f20}-\\x{1f45}\\x{1f48}-\\x{1f4d}\\x{1f50}-\\x{1f57}"                 \
    "\\x{1f59}\\x{1f5b}\\x{1f5d}\\x{1f5f}-\\x{1f7d}\\x{1f80}-\\x{1fb4}\\x{1fb6}-\\x{1fbc}"         \
    "\\x{1fbe}\\x{1fc2}-\\x{1fc4}\\x{1fc6}-\\x{1fcc}\\x{1fd0}-\\x{1fd3}\\x{1fd6}-\\x{1fdb}"        \
    "\\x{1fe0}-\\x{1fec}\\x{1ff2}-\\x{1ff4}\\x{1ff6}-\\x{1ffc}\\x{2102}\\x{2107}"                  \
    "\\x{210a}-\\x{2113}\\x{2115}\\x{2119}-\\x{211d}\\x{2124}\\x{2126}\\x{2128}"                   \
    "\\x{212a}-\\x{212d}\\x{212f}-\\x{2134}\\x{2139}\\x{213c}-\\x{213f}\\x{2145}-\\x{2149}"        \
    "\\x{214e}\\x{2183}\\x{2184}\\x{2c00}-\\x{2c7b}\\x{2c7e}-\\x{2ce4}\\x{2ceb}-\\x{2cee}"         \
    "\\x{2cf2}\\x{2cf3}\\x{a640}-\\x{a66d}\\x{a680}-\\x{a69b}\\x{a722}-\\x{a76f}"                  \
    "\\x{a771}-\\x{a787}\\x{a78b}-\\x{a78e}\\x{ab70}-\\x{abbf}\\x{fb00}-\\x{fb06}"                 \
    "\\x{fb13}-\\x{fb17}\\x{ff21}-\\x{ff3a}\\x{ff41}-\\x{ff5a}\\x{10400}-\\x{1044f}"               \
    "\\x{104b0}-\\x{104d3}\\x{104d8}-\\x{104fb}\\x{10c80}-\\x{10cb2}\\x{10cc0}-\\x{10cf2}"         \
    "\\x{118a0}-\\x{118df}\\x{1e900}-\\x{1e943}]"
/* The range !-/ and :-~, which has the ASCII letters, the same in full width, quotes, and three
 * ideographic marks. */
#define DEEPSEEK_MARKS                                                                             \
    "[!-/:-~\\x{ff01}-\\x{ff0f}\\x{ff1a}-\\x{ff5e}\\x{2018}-\\x{201f}\\x{3000}-\\x{3002}]"
#define DEEPSEEK_CJK     "[\\x{4e00}-\\x{9fa5}\\x{800}-\\x{4e00}\\x{ac00}-\\x{d7ff}]+"
#define SPACES_AT_END    "(?<![" S "])[" S "]+\\z"
#define FALCON_MARKS     "[\\p{P}$+<=>^~|`]+"
#define MARKS_BUT_QUOTES "[\\p{P}$+<=>^~|]+"

#define DIGITS_THEN_GPT2                                                                           \
    { "\\p{N}", GPT2 }

enum {
    ALIAS = 1,        /* another name for patterns that stand above it: not named in errors */
    WHOLE_TOKENS = 2, /* see splitter_takes_whole_tokens */
    ADDS_BOS = 4,     /* see splitter_adds_bos */
};
#define LLAMA3_FLAGS (WHOLE_TOKENS | ADDS_BOS)

static const struct {
    const char *name; /* in files */
    int flags;
    const char *pattern[PATTERN_LIST_MAX];
} table[] = {
    /* What llama.cpp does with files from before tokenizer.ggml.pre existed. */
    {"default", 0, {MARKS_BUT_QUOTES, GPT2, "\\p{N}+", "[0-9][0-9][0-9]"}},
    {"gpt-2", 0, {GPT2}},
    {"llama-bpe", LLAMA3_FLAGS, {LLAMA3}},
    {"qwen2", 0, {QWEN2}},
    {"qwen35", 0, {QWEN35}},
    {"falcon", 0, {FALCON_MARKS, GPT2, "[0-9][0-9][0-9]"}},
    {"starcoder", 0, DIGITS_THEN_GPT2},
    {"deepseek-llm",
     0,
     {"[\\r\\n]", "[" S "]?" DEEPSEEK_LETTERS "+", "[" S "]?" DEEPSEEK_MARKS "+", SPACES_AT_END,
      DEEPSEEK_CJK, "\\p{N}+"}},
    {"deepseek-coder",
     0,
     {"[\\r\\n]", "[" S "]?\\p{L}+", "[" S "]?\\p{P}+", DEEPSEEK_CJK, "\\p{N}"}},
    {"mpt", 0, {GPT2}},
    {"refact", 0, DIGITS_THEN_GPT2},
    {"smollm", 0, DIGITS_THEN_GPT2},
    {"tekken", WHOLE_TOKENS | ADDS_BOS, {O200K("", "\\p{N}")}},
    {"gpt-4o", 0, {O200K(CONTRACTION "?", "\\p{N}{1,3}")}},

    {"phi-2", ALIAS, {GPT2}},
    {"olmo", ALIAS, {GPT2}},
    {"jais", ALIAS, {GPT2}},
    {"gigachat", ALIAS, {GPT2}},
    {"trillion", ALIAS, {GPT2}},
    {"exaone4", ALIAS, {GPT2}},
    {"granite-docling", ALIAS, {GPT2}},
    {"llama3", ALIAS | LLAMA3_FLAGS, {LLAMA3}},
    {"llama-v3", ALIAS | LLAMA3_FLAGS, {LLAMA3}},
    {"falcon3", ALIAS | LLAMA3_FLAGS, {LLAMA3}},
    {"falcon-h1", ALIAS | LLAMA3_FLAGS, {LLAMA3}},
    {"pixtral", ALIAS | LLAMA3_FLAGS, {LLAMA3}},
    {"midm-2.0", ALIAS | LLAMA3_FLAGS, {LLAMA3}},
    {"lfm2", ALIAS | LLAMA3_FLAGS, {LLAMA3}},
    {"dbrx", ALIAS, {LLAMA3}},
    {"smaug-bpe", ALIAS, {LLAMA3}},
    {"glm4", ALIAS, {LLAMA3}},
    {"chatglm-bpe", ALIAS, {LLAMA3}},
    {"stablelm2", ALIAS, {QWEN2}},
    {"deepseek-r1-qwen", ALIAS, {QWEN2}},
    {"megrez", ALIAS, {QWEN2}},
    {"hunyuan", ALIAS, {QWEN2}},
    {"grok-2", ALIAS, {QWEN2}},
    {"command-r", ALIAS, DIGITS_THEN_GPT2},
    {"codeshell", ALIAS, DIGITS_THEN_GPT2},
    {"exaone", ALIAS, DIGITS_THEN_GPT2},
    {"minerva-7b", ALIAS, DIGITS_THEN_GPT2},
    {"llama4", ALIAS, {O200K(CONTRACTION "?", "\\p{N}{1,3}")}},
    {"kanana2", ALIAS, {O200K(CONTRACTION "?", "\\p{N}{1,3}")}},
};

#define N_SPLITTERS (sizeof table / sizeof table[0])

/* N_SPLITTERS: not there. */
static size_t row_of(lnr_str name) {
    size_t row = 0;
    while (row < N_SPLITTERS && !lnr_str_is(name, table[row].name))
        row++;
    return row;
}

static lnr_status unknown_name(lnr_str name, lnr_error *err) {
    char known[240] = "";
    size_t n = 0;
    for (size_t i = 0; i < N_SPLITTERS; i++) {
        size_t len = strlen(table[i].name), n_comma = i ? 2 : 0;
        if (table[i].flags & ALIAS || n + n_comma + len >= sizeof known)
            continue;
        memcpy(known + n, ", ", n_comma);
        memcpy(known + n + n_comma, table[i].name, len + 1);
        n += n_comma + len;
    }
    return LNR_FAIL(err, LNR_E_UNSUPPORTED,
                    "tokenizer.ggml.pre '%.*s' is not supported; supported: %s", LNR_STR(name),
                    known);
}

bool splitter_adds_bos(lnr_str name) {
    size_t row = row_of(name);
    return row < N_SPLITTERS && table[row].flags & ADDS_BOS;
}

const char *splitter_known_name(size_t i) {
    return i < N_SPLITTERS ? table[i].name : NULL;
}

/* ---- a splitter -------------------------------------------------------------------------------
 */

struct splitter {
    size_t row;
    pattern_list *patterns; /* owned */
    bool looks_around[PATTERN_LIST_MAX];
};

typedef struct piece_list {
    uint32_t *end; /* (n) ascending; owned */
    size_t n, capacity;
} piece_list;

struct splitter_run {
    const splitter *splitter; /* borrowed */
    pattern_run *patterns;    /* owned */
    piece_list list[2];       /* the pieces before and after a pattern, in turn */
};

/* Whether a pattern may hold an assertion; all of ours that do are written with one of these. */
static bool looks_around(const char *pattern) {
    return strstr(pattern, "(?") || strstr(pattern, "\\z");
}

lnr_status splitter_create(lnr_str name, splitter **out, lnr_error *err) {
    *out = NULL;
    size_t row = row_of(name);
    if (row == N_SPLITTERS)
        return unknown_name(name, err);
    splitter *s = lnr_new(splitter);
    if (s == NULL)
        return LNR_FAIL(err, LNR_E_NOMEM, "splitter '%s'", table[row].name);
    s->row = row;
    for (size_t i = 0; i < PATTERN_LIST_MAX && table[row].pattern[i]; i++)
        s->looks_around[i] = looks_around(table[row].pattern[i]);
    lnr_status st = pattern_list_create(table[row].name, table[row].pattern, &s->patterns, err);
    if (st)
        splitter_destroy(s);
    else
        *out = s;
    return st;
}

void splitter_destroy(splitter *s) {
    if (s == NULL)
        return;
    pattern_list_destroy(s->patterns);
    lnr_free(s);
}

const char *splitter_name(const splitter *s) {
    return table[s->row].name;
}

bool splitter_takes_whole_tokens(const splitter *s) {
    return table[s->row].flags & WHOLE_TOKENS;
}

lnr_status splitter_run_create(const splitter *s, splitter_run **out, lnr_error *err) {
    *out = NULL;
    splitter_run *r = lnr_new(splitter_run);
    if (r == NULL)
        return LNR_FAIL(err, LNR_E_NOMEM, "splitting text");
    r->splitter = s;
    lnr_status st = pattern_run_create(s->patterns, &r->patterns, err);
    if (st)
        splitter_run_destroy(r);
    else
        *out = r;
    return st;
}

void splitter_run_destroy(splitter_run *r) {
    if (r == NULL)
        return;
    lnr_free(r->list[1].end);
    lnr_free(r->list[0].end);
    pattern_run_destroy(r->patterns);
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

/* Cuts a piece, which begins at begin in the text, by one pattern and appends the parts' ends to
 * l. */
static lnr_status cut(splitter_run *r, size_t idx, lnr_str piece, size_t begin, piece_list *l,
                      lnr_error *err) {
    pattern_match m = {0};
    for (size_t at = 0; at < piece.n; at = m.end) {
        LNR_TRY(pattern_find(r->patterns, idx, piece, at, &m, err));
        if (m.begin > at)
            LNR_TRY(add_end(l, begin + m.begin, err));
        if (m.end > m.begin)
            LNR_TRY(add_end(l, begin + m.end, err));
    }
    return LNR_OK;
}

/* Cuts all pieces of from by one pattern. What a pattern without assertions matches inside a piece
 * it also matches in the whole text, so one search in the text tells how many pieces it leaves as
 * they are: on English text the later patterns of a row meet few of them. No search begins before
 * the end of the last match: together they read the text once. */
static lnr_status cut_all(splitter_run *r, size_t idx, lnr_str text, const piece_list *from,
                          piece_list *to, lnr_error *err) {
    bool skips = !r->splitter->looks_around[idx];
    pattern_match next = {0};
    size_t begin = 0;
    to->n = 0;
    for (size_t i = 0; i < from->n; begin = from->end[i++]) {
        lnr_str piece = {text.p + begin, from->end[i] - begin};
        if (skips && begin >= next.end)
            LNR_TRY(pattern_find(r->patterns, idx, text, begin, &next, err));
        if (skips && from->end[i] <= next.begin)
            LNR_TRY(add_end(to, from->end[i], err));
        else
            LNR_TRY(cut(r, idx, piece, begin, to, err));
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
    from->n = 0;
    LNR_TRY(add_end(from, text.n, err));
    pattern_run_limit(r->patterns, text.n);
    for (size_t i = 0; i < pattern_list_count(r->splitter->patterns); i++) {
        LNR_TRY(cut_all(r, i, text, from, to, err));
        piece_list *swap = from;
        from = to;
        to = swap;
    }
    *ends = from->end;
    *n_ends = from->n;
    return LNR_OK;
}
