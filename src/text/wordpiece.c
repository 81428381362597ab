/* See wordpiece.h.
 *
 * Cleaning has two steps: decomposition and lower case character by character, then one pattern
 * whose groups say what each run of characters is. utf8proc is asked for decomposition and case
 * only, because its Unicode is another version than PCRE2's, which supplies every class. Marks are
 * not put into canonical order: those that have an order are left out. */
#include "text/wordpiece.h"

#include "base/utf8.h"
#include "text/word_cache.h"

#include <utf8proc.h>

static const char WORD_MARK[] = "\xe2\x96\x81";
#define WORD_MARK_BYTES 3

/* The insides of character classes. Symbols of ASCII count as punctuation. The gap from U+2B820 to
 * U+2B91F is the published tokenizers'. */
#define SPACE    PATTERN_SPACE
#define LEFT_OUT "\\p{Cc}\\p{Cf}\\p{Co}\\x{fffd}"
#define SINGLE                                                                                     \
    "\\p{P}$+<=>^`|~\\x{3400}-\\x{4dbf}\\x{4e00}-\\x{9fff}\\x{f900}-\\x{faff}"                     \
    "\\x{20000}-\\x{2a6df}\\x{2a700}-\\x{2b73f}\\x{2b740}-\\x{2b81f}\\x{2b920}-\\x{2ceaf}"         \
    "\\x{2f800}-\\x{2fa1f}"

/* The groups; what is in none of them is a part of a word. White space goes before the control
 * characters that some of it is. */
enum { PART, GROUP_SPACE, GROUP_LEFT_OUT, GROUP_SINGLE };
#define WORDS(left_out)                                                                            \
    "[^" SPACE left_out SINGLE "]+|([" SPACE "]+)|([" left_out "]+)|([" SINGLE "])"

lnr_status wordpiece_init(wordpiece *w, const vocab *v, lnr_error *err) {
    static const char *const plain[PATTERN_LIST_MAX] = {WORDS(LEFT_OUT)};
    static const char *const stripping[PATTERN_LIST_MAX] = {WORDS(LEFT_OUT "\\p{Mn}")};
    *w = (wordpiece){.vocab = v};
    for (uint32_t i = 0; i < v->n_tokens; i++)
        if (v->flags[i] & VOCAB_FROM_TEXT && v->text[i].n > w->token_bytes_max)
            w->token_bytes_max = v->text[i].n;
    return pattern_list_create("bert", v->strip_accents ? stripping : plain, &w->patterns, err);
}

void wordpiece_deinit(wordpiece *w) {
    pattern_list_destroy(w->patterns);
    *w = (wordpiece){0};
}

/* ---- cleaning ---------------------------------------------------------------------------------
 */

static void add_char(const vocab *v, uint32_t cp, lnr_buf *out) {
    char p[LNR_UTF8_MAX];
    if (v->lower_case)
        cp = (uint32_t)utf8proc_tolower((utf8proc_int32_t)cp);
    buf_add(out, p, lnr_utf8_encode(cp, p));
}

/* No character has a longer canonical decomposition. */
#define DECOMPOSED_MAX 4

static void normalise(const vocab *v, lnr_str text, lnr_buf *out) {
    size_t len;
    for (size_t i = 0; i < text.n; i += len) {
        uint32_t cp;
        utf8proc_int32_t part[DECOMPOSED_MAX];
        utf8proc_ssize_t n = 0;
        char c = text.p[i];
        len = 1;
        if ((uint8_t)c < 128) {
            buf_add_char(out, v->lower_case && c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c);
            continue;
        }
        if ((len = lnr_utf8_decode(text.p + i, text.n - i, &cp)) == 0) {
            len = 1;
            continue;
        }
        if (v->strip_accents)
            n = utf8proc_decompose_char((utf8proc_int32_t)cp, part, DECOMPOSED_MAX,
                                        UTF8PROC_DECOMPOSE, NULL);
        if (n < 1 || n > DECOMPOSED_MAX) {
            part[0] = (utf8proc_int32_t)cp;
            n = 1;
        }
        for (utf8proc_ssize_t k = 0; k < n; k++)
            add_char(v, (uint32_t)part[k], out);
    }
}

/* ---- words ------------------------------------------------------------------------------------
 */

typedef struct encoding {
    const wordpiece *wordpiece; /* borrowed, as out is */
    token_list *out;
    pattern_run *run; /* owned, as cache is */
    word_cache cache;
    size_t n_chars; /* of the word being collected, without its mark; above the bound: too long */
    size_t n;       /* its bytes, with the mark */
    char word[WORD_MARK_BYTES + LNR_UTF8_MAX * WORDPIECE_WORD_CHARS_MAX];
} encoding;

static void begin_word(encoding *e) {
    memcpy(e->word, WORD_MARK, WORD_MARK_BYTES);
    e->n = WORD_MARK_BYTES;
    e->n_chars = 0;
}

static bool continues_char(char c) {
    return ((uint8_t)c & 0xc0) == 0x80;
}

static void add_to_word(encoding *e, lnr_str s) {
    for (size_t i = 0; i < s.n && e->n_chars <= WORDPIECE_WORD_CHARS_MAX; i++)
        e->n_chars += !continues_char(s.p[i]);
    if (e->n_chars > WORDPIECE_WORD_CHARS_MAX)
        return;
    memcpy(e->word + e->n, s.p, s.n);
    e->n += s.n;
}

static lnr_status put_unknown(encoding *e, lnr_error *err) {
    int32_t unk = e->wordpiece->vocab->unk;
    return unk == TOKEN_NONE ? LNR_OK : token_list_add(e->out, unk, err);
}

/* Length of the longest token that s begins with, its id in *id; 0: none. */
static size_t longest_token(const wordpiece *w, lnr_str s, uint32_t *id) {
    for (size_t n = s.n < w->token_bytes_max ? s.n : w->token_bytes_max; n > 0; n--)
        if ((n == s.n || !continues_char(s.p[n])) &&
            strmap_find(&w->vocab->by_text, (lnr_str){s.p, n}, id))
            return n;
    return 0;
}

/* One part without a token makes the whole word unknown. */
static lnr_status encode_word(encoding *e, lnr_error *err) {
    size_t n_before = e->out->n, len;
    for (size_t at = 0; at < e->n; at += len) {
        uint32_t id;
        len = longest_token(e->wordpiece, (lnr_str){e->word + at, e->n - at}, &id);
        if (len == 0) {
            e->out->n = n_before;
            return put_unknown(e, err);
        }
        LNR_TRY(token_list_add(e->out, (int32_t)id, err));
    }
    return LNR_OK;
}

static lnr_status end_word(encoding *e, lnr_error *err) {
    lnr_status st = LNR_OK;
    if (e->n_chars > WORDPIECE_WORD_CHARS_MAX) {
        st = put_unknown(e, err);
    } else if (e->n_chars > 0) {
        uint64_t key[2];
        lnr_str word = {e->word + WORD_MARK_BYTES, e->n - WORD_MARK_BYTES};
        cached_word *w = word_cache_place(&e->cache, word, key);
        size_t n_before = e->out->n;
        if (w && word_cache_hit(w, key)) {
            st = token_list_add_n(e->out, w->id, w->n, err);
        } else {
            st = encode_word(e, err);
            if (!st && w)
                word_cache_store(w, key, e->out->id + n_before, e->out->n - n_before);
        }
    }
    begin_word(e);
    return st;
}

static lnr_status encode_clean(encoding *e, lnr_str text, lnr_error *err) {
    pattern_match m;
    pattern_run_limit(e->run, text.n);
    begin_word(e);
    for (size_t at = 0; at < text.n; at = m.end) {
        LNR_TRY(pattern_find(e->run, 0, text, at, &m, err));
        lnr_str s = {text.p + m.begin, m.end - m.begin};
        if (m.group == GROUP_SPACE || m.group == GROUP_SINGLE)
            LNR_TRY(end_word(e, err));
        if (m.group == PART || m.group == GROUP_SINGLE)
            add_to_word(e, s);
        if (m.group == GROUP_SINGLE)
            LNR_TRY(end_word(e, err));
    }
    return end_word(e, err);
}

lnr_status wordpiece_encode(const wordpiece *w, lnr_str text, token_list *out, lnr_error *err) {
    encoding e = {.wordpiece = w, .out = out};
    LNR_TRY(pattern_run_create(w->patterns, &e.run, err));
    lnr_buf clean;
    buf_init(&clean);
    normalise(w->vocab, text, &clean);
    lnr_status st;
    if (buf_failed(&clean) || !word_cache_init(&e.cache, clean.n))
        st = LNR_FAIL(err, LNR_E_NOMEM, "encoding %zu bytes of text", text.n);
    else
        st = encode_clean(&e, (lnr_str){clean.p, clean.n}, err);
    word_cache_deinit(&e.cache);
    buf_deinit(&clean);
    pattern_run_destroy(e.run);
    return st;
}
