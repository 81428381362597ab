/* Reading and checking a vocabulary's arrays; see vocab.h.
 *
 * Tolerated, because real files have it: duplicate texts (the first id is the one text becomes),
 * empty texts, kind 0, a missing kind array (then "<0x0A>" and its like are the byte tokens), texts
 * with NUL or invalid UTF-8. Refused: arrays of other lengths or types, kinds nobody defined, byte
 * tokens that name no byte, a score that is not a number. */
#include "text/vocab.h"

#include "base/alloc.h"
#include "base/checked.h"
#include "base/utf8.h"
#include "text/byte_level.h"

#include <inttypes.h>

#define KEY(name) "tokenizer.ggml." name

static const char SPACE_MARK[] = "\xe2\x96\x81"; /* U+2581, SentencePiece's visible space */
#define SPACE_MARK_BYTES 3

static lnr_status read_model(vocab *v, const gguf_file *f, lnr_error *err) {
    lnr_str model;
    LNR_TRY(gguf_get_str_required(f, KEY("model"), &model, err));
    if (lnr_str_is(model, "llama"))
        v->model = VOCAB_SPM;
    else if (lnr_str_is(model, "gpt2"))
        v->model = VOCAB_BPE;
    else if (lnr_str_is(model, "bert"))
        v->model = VOCAB_WPM;
    else
        return LNR_FAIL(err, LNR_E_UNSUPPORTED,
                        KEY("model") " '%.*s' is not supported; supported: llama, gpt2, bert",
                        LNR_STR(model));
    return LNR_OK;
}

/* One block holds every text and, behind them, room for every token's bytes, which are never
 * longer. */
static lnr_status read_texts(vocab *v, const gguf_file *f, lnr_error *err) {
    const gguf_value *a = NULL;
    LNR_TRY(gguf_get_array(f, KEY("tokens"), GGUF_STRING, &a, err));
    if (a == NULL)
        return LNR_FAIL(err, LNR_E_FORMAT, KEY("tokens") " is missing");
    if (a->array.n == 0 || a->array.n > VOCAB_TOKENS_MAX)
        return LNR_FAIL(err, LNR_E_FORMAT, KEY("tokens") " has %" PRIu64 " items, 1 to %u allowed",
                        a->array.n, VOCAB_TOKENS_MAX);
    v->n_tokens = (uint32_t)a->array.n;
    size_t total = 0;
    for (uint32_t i = 0; i < v->n_tokens; i++) {
        size_t n = gguf_array_str(a, i).n;
        if (n > VOCAB_TEXT_BYTES_MAX)
            return LNR_FAIL(err, LNR_E_FORMAT, KEY("tokens") "[%u] has %zu bytes, at most %u", i, n,
                            VOCAB_TEXT_BYTES_MAX);
        if (!lnr_add_size(total, n, &total))
            return LNR_FAIL(err, LNR_E_FORMAT, KEY("tokens") ": the texts' size overflows");
    }
    size_t block_bytes;
    if (!lnr_mul_size(total, 2, &block_bytes))
        return LNR_FAIL(err, LNR_E_FORMAT, KEY("tokens") ": the texts' size overflows");
    v->text = lnr_alloc_array(v->n_tokens, sizeof *v->text);
    v->bytes = lnr_alloc_array(v->n_tokens, sizeof *v->bytes);
    v->kind = lnr_alloc_array(v->n_tokens, sizeof *v->kind);
    v->flags = lnr_alloc_array(v->n_tokens, sizeof *v->flags);
    v->block = lnr_alloc(block_bytes);
    if (!v->text || !v->bytes || !v->kind || !v->flags || !v->block)
        return LNR_FAIL(err, LNR_E_NOMEM, "vocabulary of %u tokens", v->n_tokens);
    char *p = v->block;
    for (uint32_t i = 0; i < v->n_tokens; i++) {
        lnr_str s = gguf_array_str(a, i);
        if (s.n)
            memcpy(p, s.p, s.n);
        v->text[i] = (lnr_str){p, s.n};
        v->bytes[i].p = p + total;
        p += s.n;
    }
    return LNR_OK;
}

static int hex_digit(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return -1;
}

/* The byte that "<0xXX>" names, or -1. */
static int named_byte(lnr_str s) {
    if (s.n != 6 || memcmp(s.p, "<0x", 3) != 0 || s.p[5] != '>')
        return -1;
    int high = hex_digit(s.p[3]), low = hex_digit(s.p[4]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

static lnr_status read_kinds(vocab *v, const gguf_file *f, lnr_error *err) {
    const gguf_value *a = NULL;
    LNR_TRY(gguf_get_array(f, KEY("token_type"), GGUF_I32, &a, err));
    if (a && a->array.n != v->n_tokens)
        return LNR_FAIL(err, LNR_E_FORMAT, KEY("token_type") " has %" PRIu64 " items for %u tokens",
                        a->array.n, v->n_tokens);
    for (uint32_t i = 0; i < v->n_tokens; i++) {
        int byte = v->model == VOCAB_SPM ? named_byte(v->text[i]) : -1;
        int64_t kind = a ? gguf_array_int(a, i) : byte >= 0 ? TOKEN_BYTE : TOKEN_NORMAL;
        if (kind < 0 || kind > TOKEN_BYTE)
            return LNR_FAIL(err, LNR_E_FORMAT,
                            KEY("token_type") "[%u] is %" PRId64 ", 1 to 6 allowed", i, kind);
        /* Byte-level vocabularies spell every byte as a character, WordPiece has none: there the
         * kind says nothing. */
        if (kind == 0 || (kind == TOKEN_BYTE && v->model != VOCAB_SPM))
            kind = TOKEN_NORMAL;
        if (kind == TOKEN_BYTE) {
            if (byte < 0)
                return LNR_FAIL(
                    err, LNR_E_FORMAT,
                    KEY("tokens") "[%u] '%.*s' is a byte token but not of the form <0xXX>", i,
                    LNR_STR(v->text[i]));
            if (v->byte_token[byte] == TOKEN_NONE)
                v->byte_token[byte] = (int32_t)i;
        }
        v->kind[i] = (uint8_t)kind;
    }
    return LNR_OK;
}

/* Merges in a "llama" vocabulary go by score: without scores there is nothing to tell them apart.
 */
static lnr_status read_scores(vocab *v, const gguf_file *f, lnr_error *err) {
    const gguf_value *a = NULL;
    LNR_TRY(gguf_get_array(f, KEY("scores"), GGUF_F32, &a, err));
    if (a && a->array.n != v->n_tokens)
        return LNR_FAIL(err, LNR_E_FORMAT, KEY("scores") " has %" PRIu64 " items for %u tokens",
                        a->array.n, v->n_tokens);
    if (v->model != VOCAB_SPM)
        return LNR_OK;
    if (a == NULL)
        return LNR_FAIL(err, LNR_E_FORMAT, KEY("scores") " is missing");
    v->score = lnr_alloc_array(v->n_tokens, sizeof *v->score);
    if (v->score == NULL)
        return LNR_FAIL(err, LNR_E_NOMEM, "scores of %u tokens", v->n_tokens);
    for (uint32_t i = 0; i < v->n_tokens; i++) {
        v->score[i] = gguf_array_f32(a, i);
        if (v->score[i] != v->score[i])
            return LNR_FAIL(err, LNR_E_FORMAT, KEY("scores") "[%u] is not a number", i);
    }
    return LNR_OK;
}

static size_t unmark_spaces(lnr_str s, char *out) {
    size_t n = 0;
    for (size_t i = 0; i < s.n;) {
        if (s.n - i >= SPACE_MARK_BYTES && memcmp(s.p + i, SPACE_MARK, SPACE_MARK_BYTES) == 0) {
            out[n++] = ' ';
            i += SPACE_MARK_BYTES;
        } else {
            out[n++] = s.p[i++];
        }
    }
    return n;
}

/* Characters outside the byte-level alphabet stand for themselves. */
static size_t unmap_bytes(lnr_str s, char *out) {
    size_t n = 0;
    for (size_t i = 0; i < s.n;) {
        uint32_t cp;
        uint8_t byte;
        size_t len = lnr_utf8_decode(s.p + i, s.n - i, &cp);
        if (len && byte_level_byte(cp, &byte)) {
            out[n++] = (char)byte;
            i += len;
        } else {
            for (len = len ? len : 1; len; len--)
                out[n++] = s.p[i++];
        }
    }
    return n;
}

/* Special and user-defined tokens are written as they are: their spaces are real spaces. */
static void derive_bytes(vocab *v) {
    for (uint32_t i = 0; i < v->n_tokens; i++) {
        lnr_str text = v->text[i];
        char *out = (char *)v->bytes[i].p;
        if (vocab_is_special(v, i) || v->kind[i] == TOKEN_USER_DEFINED) {
            v->bytes[i] = text;
        } else if (v->kind[i] == TOKEN_BYTE) {
            *out = (char)named_byte(text);
            v->bytes[i].n = 1;
        } else {
            v->bytes[i].n =
                v->model == VOCAB_BPE ? unmap_bytes(text, out) : unmark_spaces(text, out);
        }
    }
}

/* Special tokens stay out, so that no merge can make one from plain text; a byte token too: the
 * text
 * "<0x41>" is six characters, not an A. */
static lnr_status index_texts(vocab *v, lnr_error *err) {
    bool ok = strmap_reserve(&v->by_text, v->n_tokens);
    for (uint32_t i = 0; i < v->n_tokens && ok; i++) {
        if (vocab_is_special(v, i) || v->kind[i] == TOKEN_BYTE || v->text[i].n == 0)
            continue;
        uint32_t id = i;
        bool found;
        ok = strmap_add(&v->by_text, v->text[i], &id, &found);
        if (ok && !found)
            v->flags[i] |= VOCAB_FROM_TEXT;
    }
    return ok ? LNR_OK : LNR_FAIL(err, LNR_E_NOMEM, "vocabulary of %u tokens", v->n_tokens);
}

lnr_status vocab_init(vocab *v, const gguf_file *f, lnr_error *err) {
    *v = (vocab){0};
    strmap_init(&v->by_text);
    for (int b = 0; b < 256; b++)
        v->byte_token[b] = TOKEN_NONE;
    lnr_status st = read_model(v, f, err);
    if (!st)
        st = read_texts(v, f, err);
    if (!st)
        st = read_kinds(v, f, err);
    if (!st)
        st = read_scores(v, f, err);
    if (!st)
        st = vocab_read_special(v, f, err);
    if (!st) {
        derive_bytes(v);
        st = index_texts(v, err);
    }
    if (st)
        vocab_deinit(v);
    return st;
}

void vocab_deinit(vocab *v) {
    strmap_deinit(&v->by_text);
    lnr_free(v->block);
    lnr_free(v->score);
    lnr_free(v->flags);
    lnr_free(v->kind);
    lnr_free(v->bytes);
    lnr_free(v->text);
    *v = (vocab){0};
}
