/* See spm.h. */
#include "text/spm.h"

#include "base/alloc.h"
#include "base/utf8.h"
#include "text/word_cache.h"

static const lnr_str SPACE_MARK = {"\xe2\x96\x81", 3};

/* Characters that no token contains, and bytes that are no character: above every real symbol, in
 * no pair, and each says by itself what to write for it. */
#define SYMBOL_CHAR 0x80000000u
#define SYMBOL_BYTE 0x81000000u

/* ---- creation ---------------------------------------------------------------------------------
 */

static bool find_symbol(const spm *s, lnr_str character, uint32_t *symbol) {
    return strmap_find(&s->vocab->by_text, character, symbol) ||
           strmap_find(&s->extra, character, symbol);
}

static bool add_extra(spm *s, lnr_str character, size_t *capacity) {
    uint32_t symbol = s->vocab->n_tokens + (uint32_t)s->extra.count;
    bool found;
    if (s->extra.count == *capacity) {
        size_t wanted = *capacity ? *capacity * 2 : 64;
        lnr_str *bigger = lnr_realloc_array(s->extra_text, wanted, sizeof *bigger);
        if (bigger == NULL)
            return false;
        s->extra_text = bigger;
        *capacity = wanted;
    }
    s->extra_text[s->extra.count] = character;
    return strmap_add(&s->extra, character, &symbol, &found);
}

/* Texts that are not valid UTF-8 are left out: no merge of characters makes one. */
static lnr_status find_extras(spm *s, lnr_error *err) {
    const vocab *v = s->vocab;
    size_t capacity = 0;
    for (uint32_t i = 0; i < v->n_tokens; i++) {
        lnr_str t = v->text[i];
        size_t len;
        for (size_t at = 0; (v->flags[i] & VOCAB_FROM_TEXT) && at < t.n; at += len) {
            uint32_t unused;
            len = lnr_utf8_decode(t.p + at, t.n - at, &unused);
            if (len == 0)
                break;
            lnr_str character = {t.p + at, len};
            if (!find_symbol(s, character, &unused) && !add_extra(s, character, &capacity))
                return LNR_FAIL(err, LNR_E_NOMEM, "characters of %u tokens", v->n_tokens);
        }
    }
    return LNR_OK;
}

lnr_status spm_init(spm *s, const vocab *v, lnr_error *err) {
    *s = (spm){.vocab = v};
    strmap_init(&s->extra);
    pairs_init(&s->pairs);
    lnr_status st = find_extras(s, err);
    if (!st)
        st = spm_find_pairs(s, err);
    for (uint32_t c = 0; !st && c < 128; c++) {
        char byte = (char)c;
        lnr_str character = c == ' ' ? SPACE_MARK : (lnr_str){&byte, 1};
        if (!find_symbol(s, character, &s->ascii_symbol[c]))
            s->ascii_symbol[c] = SYMBOL_CHAR | (c == ' ' ? 0x2581 : c);
    }
    if (st)
        spm_deinit(s);
    return st;
}

void spm_deinit(spm *s) {
    pairs_deinit(&s->pairs);
    strmap_deinit(&s->extra);
    lnr_free(s->extra_text);
    *s = (spm){0};
}

/* ---- encoding ---------------------------------------------------------------------------------
 */

/* The symbol of the character at the start of text, its length in *len. */
static uint32_t next_symbol(const spm *s, lnr_str text, size_t *len) {
    uint8_t first = (uint8_t)text.p[0];
    *len = 1;
    if (first < 128)
        return s->ascii_symbol[first];
    uint32_t cp, symbol;
    size_t n = lnr_utf8_decode(text.p, text.n, &cp);
    if (n == 0)
        return SYMBOL_BYTE | first;
    *len = n;
    return find_symbol(s, (lnr_str){text.p, n}, &symbol) ? symbol : SYMBOL_CHAR | cp;
}

/* All bytes of a character have their tokens, or the whole character is one unknown token. */
static lnr_status put_bytes(const spm *s, lnr_str bytes, token_list *out, lnr_error *err) {
    const vocab *v = s->vocab;
    for (size_t i = 0; i < bytes.n; i++)
        if (v->byte_token[(uint8_t)bytes.p[i]] == TOKEN_NONE)
            return v->unk == TOKEN_NONE ? LNR_OK : token_list_add(out, v->unk, err);
    for (size_t i = 0; i < bytes.n; i++)
        LNR_TRY(token_list_add(out, v->byte_token[(uint8_t)bytes.p[i]], err));
    return LNR_OK;
}

static lnr_status put_symbol(const spm *s, uint32_t symbol, token_list *out, lnr_error *err) {
    char p[LNR_UTF8_MAX];
    if (symbol < s->vocab->n_tokens)
        return token_list_add(out, (int32_t)symbol, err);
    if (symbol < SYMBOL_CHAR)
        return put_bytes(s, s->extra_text[symbol - s->vocab->n_tokens], out, err);
    if (symbol >= SYMBOL_BYTE) {
        p[0] = (char)(symbol & 0xff);
        return put_bytes(s, (lnr_str){p, 1}, out, err);
    }
    return put_bytes(s, (lnr_str){p, lnr_utf8_encode(symbol & 0x1fffff, p)}, out, err);
}

/* Where the next word may be cut off: before a space that follows no space. A byte 0x81 may be the
 * end of a written-out U+2581, which is a space here. */
static size_t word_length(const spm *s, lnr_str text) {
    if (!s->splits_at_spaces)
        return text.n;
    for (size_t i = 1; i < text.n; i++)
        if (text.p[i] == ' ' && text.p[i - 1] != ' ' && (uint8_t)text.p[i - 1] != 0x81)
            return i;
    return text.n;
}

/* The word's symbols join those that are waiting in m. */
static lnr_status encode_word(const spm *s, merger *m, lnr_str word, token_list *out,
                              lnr_error *err) {
    bool ok = true;
    size_t len;
    for (; word.n && ok; word = (lnr_str){word.p + len, word.n - len})
        ok = merger_add(m, next_symbol(s, word, &len));
    if (!ok || !merger_run(m))
        return LNR_FAIL(err, LNR_E_NOMEM, "merging text");
    for (size_t i = 0; i < m->n; i++)
        LNR_TRY(put_symbol(s, m->symbol[i].symbol, out, err));
    merger_clear(m);
    return LNR_OK;
}

static lnr_status encode_cached(const spm *s, merger *m, const word_cache *cache, lnr_str word,
                                token_list *out, lnr_error *err) {
    uint64_t key[2];
    cached_word *w = m->n ? NULL : word_cache_place(cache, word, key);
    if (w == NULL)
        return encode_word(s, m, word, out, err);
    if (word_cache_hit(w, key))
        return token_list_add_n(out, w->id, w->n, err);
    size_t n_before = out->n;
    LNR_TRY(encode_word(s, m, word, out, err));
    word_cache_store(w, key, out->id + n_before, out->n - n_before);
    return LNR_OK;
}

/* One space for a run of them, none at the two ends. */
static void squeeze_spaces(lnr_str text, lnr_buf *out) {
    while (text.n && text.p[text.n - 1] == ' ')
        text.n--;
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] != ' ' || (out->n && text.p[i - 1] != ' '))
            buf_add_char(out, text.p[i]);
}

lnr_status spm_encode(const spm *s, lnr_str text, bool space_before, token_list *out,
                      lnr_error *err) {
    lnr_buf squeezed;
    buf_init(&squeezed);
    if (s->vocab->remove_extra_spaces) {
        squeeze_spaces(text, &squeezed);
        text = (lnr_str){squeezed.p, squeezed.n};
    }
    merger m;
    merger_init(&m, &s->pairs);
    word_cache cache;
    bool ok = word_cache_init(&cache, text.n) && !buf_failed(&squeezed);
    /* The space before is the first symbol of the first word, whatever that begins with. */
    if (ok && text.n && space_before)
        ok = merger_add(&m, s->ascii_symbol[' ']);
    lnr_status st = ok ? LNR_OK : LNR_FAIL(err, LNR_E_NOMEM, "encoding %zu bytes of text", text.n);
    while (!st && text.n) {
        size_t n = word_length(s, text);
        st = encode_cached(s, &m, &cache, (lnr_str){text.p, n}, out, err);
        text = (lnr_str){text.p + n, text.n - n};
    }
    word_cache_deinit(&cache);
    merger_deinit(&m);
    buf_deinit(&squeezed);
    return st;
}
