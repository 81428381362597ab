/* The tokenizer: special tokens are found first, what lies between them goes to the vocabulary's
 * own algorithm; see tokenizer.h. */
#include "base/alloc.h"
#include "text/bpe.h"
#include "text/special.h"
#include "text/spm.h"
#include "text/wordpiece.h"

struct tokenizer {
    vocab vocab;
    special_finder special;
    union { /* which one, vocab.model says */
        spm spm;
        bpe bpe;
        wordpiece wordpiece;
    };
};

static lnr_status init_model(tokenizer *t, const gguf_file *f, lnr_error *err) {
    switch (t->vocab.model) {
    case VOCAB_SPM:
        return spm_init(&t->spm, &t->vocab, err);
    case VOCAB_WPM:
        return wordpiece_init(&t->wordpiece, &t->vocab, err);
    case VOCAB_BPE:
        break;
    }
    return bpe_init(&t->bpe, &t->vocab, f, err);
}

static void deinit_model(tokenizer *t) {
    switch (t->vocab.model) {
    case VOCAB_SPM:
        spm_deinit(&t->spm);
        break;
    case VOCAB_WPM:
        wordpiece_deinit(&t->wordpiece);
        break;
    case VOCAB_BPE:
        bpe_deinit(&t->bpe);
        break;
    }
}

lnr_status tokenizer_create(const gguf_file *f, tokenizer **out, lnr_error *err) {
    *out = NULL;
    tokenizer *t = lnr_new(tokenizer);
    if (t == NULL)
        return LNR_FAIL(err, LNR_E_NOMEM, "tokenizer");
    lnr_status st = vocab_init(&t->vocab, f, err);
    if (st)
        goto free_tokenizer;
    st = special_init(&t->special, &t->vocab, err);
    if (st)
        goto deinit_vocab;
    st = init_model(t, f, err);
    if (st)
        goto deinit_special;
    *out = t;
    return LNR_OK;
deinit_special:
    special_deinit(&t->special);
deinit_vocab:
    vocab_deinit(&t->vocab);
free_tokenizer:
    lnr_free(t);
    return st;
}

void tokenizer_destroy(tokenizer *t) {
    if (t == NULL)
        return;
    deinit_model(t);
    special_deinit(&t->special);
    vocab_deinit(&t->vocab);
    lnr_free(t);
}

/* ---- questions --------------------------------------------------------------------------------
 */

static bool in_range(const tokenizer *t, int32_t id) {
    return id >= 0 && (uint32_t)id < t->vocab.n_tokens;
}

uint32_t tokenizer_n_tokens(const tokenizer *t) {
    return t->vocab.n_tokens;
}

const char *tokenizer_model(const tokenizer *t) {
    static const char *const names[] = {
        [VOCAB_SPM] = "llama", [VOCAB_BPE] = "gpt2", [VOCAB_WPM] = "bert"};
    return names[t->vocab.model];
}

const char *tokenizer_splitter(const tokenizer *t) {
    return t->vocab.model == VOCAB_BPE ? splitter_name(t->bpe.splitter) : "";
}

lnr_str tokenizer_token_text(const tokenizer *t, int32_t id) {
    return in_range(t, id) ? t->vocab.text[id] : (lnr_str){"", 0};
}

token_kind tokenizer_token_kind(const tokenizer *t, int32_t id) {
    return in_range(t, id) ? (token_kind)t->vocab.kind[id] : TOKEN_UNUSED;
}

int32_t tokenizer_bos(const tokenizer *t) {
    return t->vocab.bos;
}

int32_t tokenizer_eos(const tokenizer *t) {
    return t->vocab.eos;
}

bool tokenizer_is_end(const tokenizer *t, int32_t id) {
    return in_range(t, id) && t->vocab.flags[id] & VOCAB_END;
}

bool tokenizer_adds_bos(const tokenizer *t) {
    return t->vocab.add_bos;
}

bool tokenizer_adds_eos(const tokenizer *t) {
    return t->vocab.add_eos;
}

/* ---- encoding ---------------------------------------------------------------------------------
 */

static lnr_status encode_plain(const tokenizer *t, lnr_str text, token_list *out, lnr_error *err) {
    if (text.n == 0)
        return LNR_OK;
    switch (t->vocab.model) {
    case VOCAB_SPM: /* follows the text's beginning or a special token: both take the prefix */
        return spm_encode(&t->spm, text, t->vocab.add_space_prefix, out, err);
    case VOCAB_WPM:
        return wordpiece_encode(&t->wordpiece, text, out, err);
    case VOCAB_BPE:
        break;
    }
    return bpe_encode(&t->bpe, text, out, err);
}

/* isspace in the C locale. */
static bool is_space(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static lnr_status encode_text(const tokenizer *t, lnr_str text, const special_matches *m,
                              token_list *out, lnr_error *err) {
    size_t at = 0;
    for (size_t i = m->n; i-- > 0;) {
        special_match match = m->match[i];
        if (match.at < at)
            continue;
        LNR_TRY(encode_plain(t, (lnr_str){text.p + at, match.at - at}, out, err));
        LNR_TRY(token_list_add(out, match.id, err));
        at = match.at + t->vocab.text[match.id].n;
        if (t->vocab.flags[match.id] & VOCAB_RSTRIP)
            while (at < text.n && is_space(text.p[at]))
                at++;
    }
    return encode_plain(t, (lnr_str){text.p + at, text.n - at}, out, err);
}

lnr_status tokenizer_encode(const tokenizer *t, lnr_str text, int flags, token_list *out,
                            lnr_error *err) {
    if (text.n > INT32_MAX)
        return LNR_FAIL(err, LNR_E_LIMIT, "text of %zu bytes, at most %d", text.n, INT32_MAX);
    if (text.n == 0)
        text.p = "";
    size_t n_before = out->n;
    special_matches matches;
    lnr_status st = special_find(&t->special, text, flags & TOKENIZE_PARSE_SPECIAL, &matches, err);
    if (!st && flags & TOKENIZE_ADD_SPECIAL && t->vocab.add_bos)
        st = token_list_add(out, t->vocab.bos, err);
    if (!st)
        st = encode_text(t, text, &matches, out, err);
    if (!st && flags & TOKENIZE_ADD_SPECIAL && t->vocab.add_eos)
        st = token_list_add(out, t->vocab.eos, err);
    special_matches_deinit(&matches);
    if (st)
        out->n = n_before;
    return st;
}

/* ---- decoding ---------------------------------------------------------------------------------
 */

void tokenizer_decode(const tokenizer *t, int32_t id, bool special, bool at_start, lnr_buf *out) {
    if (!in_range(t, id) || (!special && vocab_is_special(&t->vocab, (uint32_t)id)))
        return;
    lnr_str bytes = t->vocab.bytes[id];
    token_kind kind = (token_kind)t->vocab.kind[id];
    /* The space that encoding put there; other kinds of token never take it in. */
    if (at_start && t->vocab.add_space_prefix && (kind == TOKEN_NORMAL || kind == TOKEN_UNUSED) &&
        bytes.n && bytes.p[0] == ' ')
        bytes = (lnr_str){bytes.p + 1, bytes.n - 1};
    buf_add(out, bytes.p, bytes.n);
}
