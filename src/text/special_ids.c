/* The ids with a role (BOS, EOS, ...), the tokens that end a generation, and one vendor's quirk.
 *
 * Facts are llama.cpp's published behaviour, because files are written for it: a "llama" vocabulary
 * has unknown 0, BOS 1 and EOS 2 unless it says otherwise, and adds BOS; a "bert" vocabulary has
 * padding 0, unknown 100, class 101 and separator 102, and adds both; end tokens are also found by
 * their well-known names, and such a name is a control token whatever its kind says. Two
 * differences: a "gpt2" vocabulary has no default ids (llama.cpp takes 11, which is Falcon's), and
 * an id beyond the vocabulary is an error here unless it is -1 or 2^32-1, which converters write
 * for "none": then the default holds. */
#include "text/splitter.h"
#include "text/vocab.h"

#include <inttypes.h>

#define KEY(name) "tokenizer.ggml." name

static lnr_status read_id(const vocab *v, const gguf_file *f, const char *key, int32_t *id,
                          lnr_error *err) {
    const gguf_value *value = gguf_find(f, key);
    if (*id >= 0 && (uint32_t)*id >= v->n_tokens)
        *id = TOKEN_NONE;
    if (value == NULL)
        return LNR_OK;
    uint64_t u;
    switch (value->kind) {
    case GGUF_U8:
    case GGUF_U16:
    case GGUF_U32:
    case GGUF_U64:
        u = value->u;
        break;
    case GGUF_I8:
    case GGUF_I16:
    case GGUF_I32:
    case GGUF_I64:
        if (value->i < -1)
            return LNR_FAIL(err, LNR_E_FORMAT, "%s at byte %" PRIu64 " is %" PRId64, key,
                            value->offset, value->i);
        u = value->i == -1 ? UINT32_MAX : (uint64_t)value->i;
        break;
    default:
        return LNR_FAIL(err, LNR_E_FORMAT, "%s at byte %" PRIu64 " is not an integer", key,
                        value->offset);
    }
    if (u == UINT32_MAX)
        return LNR_OK;
    if (u >= v->n_tokens)
        return LNR_FAIL(err, LNR_E_FORMAT,
                        "%s at byte %" PRIu64 " is %" PRIu64 ", the vocabulary has %u tokens", key,
                        value->offset, u, v->n_tokens);
    *id = (int32_t)u;
    return LNR_OK;
}

static lnr_status read_bert_ids(vocab *v, const gguf_file *f, lnr_error *err) {
    v->unk = 100;
    v->bos = 101;
    v->eos = 102;
    v->pad = 0;
    LNR_TRY(read_id(v, f, KEY("unknown_token_id"), &v->unk, err));
    LNR_TRY(read_id(v, f, KEY("bos_token_id"), &v->bos, err));
    LNR_TRY(read_id(v, f, KEY("cls_token_id"), &v->bos, err));
    LNR_TRY(read_id(v, f, KEY("seperator_token_id"), &v->eos, err)); /* the key's own spelling */
    return read_id(v, f, KEY("padding_token_id"), &v->pad, err);
}

static lnr_status read_ids(vocab *v, const gguf_file *f, lnr_error *err) {
    bool spm = v->model == VOCAB_SPM;
    v->unk = spm ? 0 : TOKEN_NONE;
    v->bos = spm ? 1 : TOKEN_NONE;
    v->eos = spm ? 2 : TOKEN_NONE;
    v->eot = v->eom = v->pad = TOKEN_NONE;
    if (v->model == VOCAB_WPM)
        return read_bert_ids(v, f, err);
    LNR_TRY(read_id(v, f, KEY("unknown_token_id"), &v->unk, err));
    LNR_TRY(read_id(v, f, KEY("bos_token_id"), &v->bos, err));
    LNR_TRY(read_id(v, f, KEY("eos_token_id"), &v->eos, err));
    LNR_TRY(read_id(v, f, KEY("eot_token_id"), &v->eot, err));
    LNR_TRY(read_id(v, f, KEY("eom_token_id"), &v->eom, err));
    return read_id(v, f, KEY("padding_token_id"), &v->pad, err);
}

static lnr_status read_switches(vocab *v, const gguf_file *f, lnr_error *err) {
    bool spm = v->model == VOCAB_SPM, wpm = v->model == VOCAB_WPM;
    lnr_str pre = {"", 0};
    LNR_TRY(gguf_get_str(f, KEY("pre"), &pre, err));
    v->add_bos = (spm || wpm || splitter_adds_bos(pre)) && v->bos != TOKEN_NONE;
    v->add_eos = wpm && v->eos != TOKEN_NONE;
    v->add_space_prefix = spm || wpm;
    v->remove_extra_spaces = false;
    LNR_TRY(gguf_get_bool(f, KEY("add_bos_token"), &v->add_bos, err));
    const char *add_eos = wpm ? KEY("add_sep_token") : KEY("add_eos_token");
    LNR_TRY(gguf_get_bool(f, add_eos, &v->add_eos, err));
    if (v->add_bos && v->bos == TOKEN_NONE)
        return LNR_FAIL(err, LNR_E_FORMAT,
                        KEY("add_bos_token") " is true but there is no bos_token_id");
    if (v->add_eos && v->eos == TOKEN_NONE)
        return LNR_FAIL(err, LNR_E_FORMAT, "%s is true but there is no %s", add_eos,
                        wpm ? "seperator_token_id" : "eos_token_id");
    if (wpm) {
        v->lower_case = true;
        LNR_TRY(gguf_get_bool(f, KEY("normalizer.lowercase"), &v->lower_case, err));
        v->strip_accents = v->lower_case;
        return gguf_get_bool(f, KEY("normalizer.strip_accents"), &v->strip_accents, err);
    }
    if (!spm)
        return LNR_OK;
    LNR_TRY(gguf_get_bool(f, KEY("add_space_prefix"), &v->add_space_prefix, err));
    return gguf_get_bool(f, KEY("remove_extra_whitespaces"), &v->remove_extra_spaces, err);
}

static bool is_end_name(lnr_str text) {
    static const char *const names[] = {
        "<|im_end|>",
        "<|eot_id|>",
        "<|eom_id|>",
        "<|end|>",
        "<|return|>",
        "<|call|>",
        "<end_of_turn>",
        "<|endoftext|>",
        "<EOT>",
        "_<EOT>",
        "<|end_of_text|>",
        "<end_of_utterance>",
        /* <|end_of_sentence|> with U+FF5C for | and U+2581 for _; \x65 is e, which else were hex */
        "<\xef\xbd\x9c\x65nd\xe2\x96\x81of\xe2\x96\x81sentence\xef\xbd\x9c>",
    };
    if (text.n < 5 || (text.p[0] != '<' && text.p[0] != '_'))
        return false;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (lnr_str_is(text, names[i]))
            return true;
    return false;
}

static void mark_ends(vocab *v) {
    int32_t with_role[] = {v->eos, v->eot, v->eom};
    for (size_t i = 0; i < sizeof with_role / sizeof with_role[0]; i++)
        if (with_role[i] != TOKEN_NONE)
            v->flags[with_role[i]] |= VOCAB_END;
    bool has_return = false, has_call = false;
    for (uint32_t i = 0; i < v->n_tokens; i++) {
        if (!is_end_name(v->text[i]))
            continue;
        v->flags[i] |= VOCAB_END;
        v->kind[i] = TOKEN_CONTROL;
        has_return |= lnr_str_is(v->text[i], "<|return|>");
        has_call |= lnr_str_is(v->text[i], "<|call|>");
    }
    /* gpt-oss ends each of its channels by <|end|> and goes on. */
    for (uint32_t i = 0; has_return && has_call && i < v->n_tokens; i++)
        if (lnr_str_is(v->text[i], "<|end|>"))
            v->flags[i] &= (uint8_t)~VOCAB_END;
}

static bool contains_ignoring_case(lnr_str s, const char *lower) {
    size_t n = strlen(lower);
    for (size_t i = 0; i + n <= s.n; i++) {
        size_t k = 0;
        while (k < n &&
               (s.p[i + k] | (s.p[i + k] >= 'A' && s.p[i + k] <= 'Z' ? 0x20 : 0)) == lower[k])
            k++;
        if (k == n)
            return true;
    }
    return false;
}

/* Phi-3's special tokens swallow the white space after them, all but three. No key says so;
 * llama.cpp knows the model by its name, and so do we. */
static lnr_status mark_stripping(vocab *v, const gguf_file *f, lnr_error *err) {
    lnr_str name = {"", 0};
    LNR_TRY(gguf_get_str(f, "general.name", &name, err));
    if (!contains_ignoring_case(name, "phi-3") && !contains_ignoring_case(name, "phi3"))
        return LNR_OK;
    for (uint32_t i = 0; i < v->n_tokens; i++) {
        lnr_str t = v->text[i];
        if ((vocab_is_special(v, i) || v->kind[i] == TOKEN_USER_DEFINED) &&
            !lnr_str_is(t, "<unk>") && !lnr_str_is(t, "<s>") && !lnr_str_is(t, "<|endoftext|>"))
            v->flags[i] |= VOCAB_RSTRIP;
    }
    return LNR_OK;
}

lnr_status vocab_read_special(vocab *v, const gguf_file *f, lnr_error *err) {
    LNR_TRY(read_ids(v, f, err));
    LNR_TRY(read_switches(v, f, err));
    mark_ends(v);
    return mark_stripping(v, f, err);
}
