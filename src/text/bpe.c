/* See bpe.h.
 *
 * Merges are numbers here, not strings: a merge line names two symbols and the symbol that both
 * become. A line may name strings that are no tokens (files have them); they get symbols beyond the
 * vocabulary, so that they merge on, and if one is left at the end its single bytes are written
 * instead. */
#include "text/bpe.h"

#include "base/utf8.h"
#include "text/byte_level.h"
#include "text/word_cache.h"

#include <inttypes.h>

#define KEY(name) "tokenizer.ggml." name

/* A byte without a token and without a merge: no entry of a pair table. */
#define SYMBOL_NONE (UINT32_MAX - 1)

/* Longer tokens are rare enough to be merged, where they may be. */
#define WHOLE_BYTES_MAX 64

static lnr_status symbol_of(bpe *b, lnr_str text, uint32_t *symbol, lnr_error *err) {
    if (strmap_find(&b->vocab->by_text, text, symbol) || strmap_find(&b->extra, text, symbol))
        return LNR_OK;
    bool found;
    *symbol = b->vocab->n_tokens + (uint32_t)b->extra.count;
    lnr_str key = {arena_strdup_n(&b->texts, text.p, text.n), text.n};
    if (key.p == NULL || !strmap_add(&b->extra, key, symbol, &found))
        return LNR_FAIL(err, LNR_E_NOMEM, "merges");
    return LNR_OK;
}

/* "left right": the first space that is not the first character divides. */
static lnr_status read_merge(bpe *b, lnr_str line, uint32_t rank, lnr_buf *joined, lnr_error *err) {
    const char *space = line.n > 1 ? memchr(line.p + 1, ' ', line.n - 1) : NULL;
    size_t n_left = space ? (size_t)(space - line.p) : 0;
    if (space == NULL || n_left + 1 == line.n)
        return LNR_FAIL(err, LNR_E_FORMAT, KEY("merges") "[%u] '%.*s' is not two parts and a space",
                        rank, LNR_STR(line));
    lnr_str left = {line.p, n_left}, right = {space + 1, line.n - n_left - 1};
    buf_clear(joined);
    buf_add(joined, left.p, left.n);
    buf_add(joined, right.p, right.n);
    if (buf_failed(joined))
        return LNR_FAIL(err, LNR_E_NOMEM, "merges");
    uint32_t l, r, result;
    LNR_TRY(symbol_of(b, left, &l, err));
    LNR_TRY(symbol_of(b, right, &r, err));
    LNR_TRY(symbol_of(b, (lnr_str){joined->p, joined->n}, &result, err));
    if (!pairs_add(&b->pairs, l, r, rank, result))
        return LNR_FAIL(err, LNR_E_NOMEM, "merges");
    return LNR_OK;
}

static lnr_status read_merges(bpe *b, const gguf_file *f, lnr_error *err) {
    const gguf_value *a = NULL;
    LNR_TRY(gguf_get_array(f, KEY("merges"), GGUF_STRING, &a, err));
    if (a == NULL)
        return LNR_FAIL(err, LNR_E_FORMAT, KEY("merges") " is missing");
    /* At most three new symbols a merge: all symbols stay far below 2^32. */
    if (a->array.n > VOCAB_TOKENS_MAX)
        return LNR_FAIL(err, LNR_E_FORMAT, KEY("merges") " has %" PRIu64 " items, at most %u",
                        a->array.n, VOCAB_TOKENS_MAX);
    if (!pairs_reserve(&b->pairs, a->array.n))
        return LNR_FAIL(err, LNR_E_NOMEM, "%" PRIu64 " merges", a->array.n);
    lnr_buf joined;
    buf_init(&joined);
    lnr_status st = LNR_OK;
    for (uint32_t i = 0; !st && i < a->array.n; i++)
        st = read_merge(b, gguf_array_str(a, i), i, &joined, err);
    buf_deinit(&joined);
    return st;
}

static void find_byte_symbols(bpe *b) {
    for (unsigned byte = 0; byte < 256; byte++) {
        char p[LNR_UTF8_MAX];
        lnr_str s = {p, lnr_utf8_encode(byte_level_char((uint8_t)byte), p)};
        uint32_t *symbol = &b->byte_symbol[byte];
        if (!strmap_find(&b->vocab->by_text, s, symbol) && !strmap_find(&b->extra, s, symbol))
            *symbol = SYMBOL_NONE;
    }
}

/* ---- encoding ---------------------------------------------------------------------------------
 */

typedef struct encoding {
    const bpe *bpe; /* borrowed, as out is */
    token_list *out;
    splitter_run *run; /* owned, as all below */
    merger merger;
    word_cache cache;
} encoding;

/* A byte without a token becomes the unknown token; without one of those it is left out, as in the
 * reference implementations: a vocabulary that misses bytes cannot say them. */
static lnr_status put_bytes(encoding *e, lnr_str s, lnr_error *err) {
    const vocab *v = e->bpe->vocab;
    for (size_t i = 0; i < s.n; i++) {
        uint32_t symbol = e->bpe->byte_symbol[(uint8_t)s.p[i]];
        int32_t id = symbol < v->n_tokens ? (int32_t)symbol : v->unk;
        if (id != TOKEN_NONE)
            LNR_TRY(token_list_add(e->out, id, err));
    }
    return LNR_OK;
}

static lnr_status merge_piece(const bpe *b, merger *m, lnr_str piece, lnr_error *err) {
    merger_clear(m);
    bool ok = true;
    for (size_t i = 0; i < piece.n && ok; i++)
        ok = merger_add(m, b->byte_symbol[(uint8_t)piece.p[i]]);
    if (!ok || !merger_run(m))
        return LNR_FAIL(err, LNR_E_NOMEM, "merging %zu bytes of text", piece.n);
    return LNR_OK;
}

static lnr_status encode_piece(encoding *e, lnr_str piece, lnr_error *err) {
    uint32_t id;
    if (piece.n == 1)
        return put_bytes(e, piece, err);
    if (piece.n <= e->bpe->whole_bytes_max && strmap_find(&e->bpe->whole, piece, &id))
        return token_list_add(e->out, (int32_t)id, err);
    merger *m = &e->merger;
    LNR_TRY(merge_piece(e->bpe, m, piece, err));
    for (size_t i = 0, at = 0; i < m->n; at += m->symbol[i++].n) {
        if (m->symbol[i].symbol < e->bpe->vocab->n_tokens)
            LNR_TRY(token_list_add(e->out, (int32_t)m->symbol[i].symbol, err));
        else
            LNR_TRY(put_bytes(e, (lnr_str){piece.p + at, m->symbol[i].n}, err));
    }
    return LNR_OK;
}

static lnr_status encode_cached(encoding *e, lnr_str piece, lnr_error *err) {
    uint64_t key[2];
    cached_word *w = word_cache_place(&e->cache, piece, key);
    if (w == NULL)
        return encode_piece(e, piece, err);
    if (word_cache_hit(w, key))
        return token_list_add_n(e->out, w->id, w->n, err);
    size_t n_before = e->out->n;
    LNR_TRY(encode_piece(e, piece, err));
    word_cache_store(w, key, e->out->id + n_before, e->out->n - n_before);
    return LNR_OK;
}

static lnr_status encode_valid(encoding *e, lnr_str text, lnr_error *err) {
    const uint32_t *ends;
    size_t n, begin = 0;
    LNR_TRY(splitter_split(e->run, text, &ends, &n, err));
    for (size_t i = 0; i < n; i++) {
        LNR_TRY(encode_cached(e, (lnr_str){text.p + begin, ends[i] - begin}, err));
        begin = ends[i];
    }
    return LNR_OK;
}

/* Bytes of valid UTF-8 at the start of s. */
static size_t valid_prefix(lnr_str s) {
    size_t i = 0;
    while (i < s.n) {
        uint64_t eight;
        if (s.n - i >= 8 && (memcpy(&eight, s.p + i, 8), !(eight & 0x8080808080808080u))) {
            i += 8;
            continue;
        }
        uint32_t cp;
        size_t len = lnr_utf8_decode(s.p + i, s.n - i, &cp);
        if (len == 0)
            break;
        i += len;
    }
    return i;
}

lnr_status bpe_encode(const bpe *b, lnr_str text, token_list *out, lnr_error *err) {
    encoding e = {.bpe = b, .out = out};
    LNR_TRY(splitter_run_create(b->splitter, &e.run, err));
    merger_init(&e.merger, &b->pairs);
    lnr_status st = LNR_OK;
    if (!word_cache_init(&e.cache, text.n))
        st = LNR_FAIL(err, LNR_E_NOMEM, "encoding %zu bytes of text", text.n);
    while (!st && text.n) {
        size_t n = valid_prefix(text);
        if (n)
            st = encode_valid(&e, (lnr_str){text.p, n}, err);
        else
            st = put_bytes(&e, (lnr_str){text.p, n = 1}, err);
        text = (lnr_str){text.p + n, text.n - n};
    }
    word_cache_deinit(&e.cache);
    merger_deinit(&e.merger);
    splitter_run_destroy(e.run);
    return st;
}

/* ---- creation ---------------------------------------------------------------------------------
 */

/* A token need not be what its own bytes merge into (an earlier merge may take another way), so
 * each one is tried, unless the splitter's vocabularies take it as it is. */
static lnr_status find_whole_token(bpe *b, merger *m, bool as_is, uint32_t i, lnr_error *err) {
    const vocab *v = b->vocab;
    lnr_str bytes = v->bytes[i];
    if (!(v->flags[i] & VOCAB_FROM_TEXT) || v->kind[i] == TOKEN_USER_DEFINED || bytes.n < 2)
        return LNR_OK;
    if (!as_is) {
        if (bytes.n > WHOLE_BYTES_MAX)
            return LNR_OK;
        LNR_TRY(merge_piece(b, m, bytes, err));
        if (m->n != 1 || m->symbol[0].symbol != i)
            return LNR_OK;
    }
    bool found;
    if (!strmap_add(&b->whole, bytes, &i, &found))
        return LNR_FAIL(err, LNR_E_NOMEM, "vocabulary of %u tokens", v->n_tokens);
    if (bytes.n > b->whole_bytes_max)
        b->whole_bytes_max = bytes.n;
    return LNR_OK;
}

static lnr_status find_whole(bpe *b, lnr_error *err) {
    bool as_is = splitter_takes_whole_tokens(b->splitter);
    merger m;
    merger_init(&m, &b->pairs);
    lnr_status st = LNR_OK;
    for (uint32_t i = 0; !st && i < b->vocab->n_tokens; i++)
        st = find_whole_token(b, &m, as_is, i, err);
    merger_deinit(&m);
    return st;
}

lnr_status bpe_init(bpe *b, const vocab *v, const gguf_file *f, lnr_error *err) {
    *b = (bpe){.vocab = v};
    pairs_init(&b->pairs);
    strmap_init(&b->extra);
    strmap_init(&b->whole);
    arena_init(&b->texts);
    lnr_str pre = lnr_str_from("default");
    lnr_status st = gguf_get_str(f, KEY("pre"), &pre, err);
    if (!st)
        st = splitter_create(pre, &b->splitter, err);
    if (!st)
        st = read_merges(b, f, err);
    if (!st) {
        find_byte_symbols(b);
        st = find_whole(b, err);
    }
    if (st)
        bpe_deinit(b);
    return st;
}

void bpe_deinit(bpe *b) {
    strmap_deinit(&b->whole);
    strmap_deinit(&b->extra);
    arena_deinit(&b->texts);
    pairs_deinit(&b->pairs);
    splitter_destroy(b->splitter);
    *b = (bpe){0};
}
