/* A vocabulary as its file defines it: texts, kinds, scores, and the ids with a role.
 *
 * Everything is checked here once, so that the encoders can index without asking again. What real
 * files get wrong is tolerated where the meaning stays clear; see vocab.c and special_ids.c. */
#ifndef LNR_TEXT_VOCAB_H
#define LNR_TEXT_VOCAB_H

#include "base/strmap.h"
#include "gguf/gguf.h"
#include "text/tokenizer.h"

/* Longer than any real token by four orders; a larger one is damage. */
#define VOCAB_TEXT_BYTES_MAX (1u << 20)
/* A thousand times the largest vocabularies; leaves the encoders room for symbols of their own. */
#define VOCAB_TOKENS_MAX (1u << 28)

typedef enum vocab_model {
    VOCAB_SPM, /* "llama": SentencePiece BPE, merges by score */
    VOCAB_BPE, /* "gpt2": byte-level BPE, merges by rank */
    VOCAB_WPM, /* "bert": WordPiece, the longest token first */
} vocab_model;

enum {
    VOCAB_END = 1,      /* generation stops here */
    VOCAB_RSTRIP = 2,   /* as a special token it swallows the white space after it */
    VOCAB_FROM_TEXT = 4 /* plain text may become this token; its text's first id, in by_text */
};

typedef struct vocab {
    vocab_model model;
    uint32_t n_tokens; /* 1 to VOCAB_TOKENS_MAX */
    lnr_str *text;     /* (n_tokens) as stored; owned, in block */
    lnr_str *bytes;    /* (n_tokens) what the token stands for; in block */
    uint8_t *kind;     /* (n_tokens) token_kind; owned */
    uint8_t *flags;    /* (n_tokens) VOCAB_*; owned */
    float *score;      /* (n_tokens) not NaN; VOCAB_SPM only, NULL else; owned */
    char *block;       /* all texts, then all bytes; owned */
    strmap by_text;    /* text -> id of the tokens with VOCAB_FROM_TEXT */

    int32_t byte_token[256]; /* VOCAB_SPM: <0xXX>; TOKEN_NONE where there is none */
    /* TOKEN_NONE where there is none. VOCAB_WPM: bos is the class token, eos the separator. */
    int32_t bos, eos, eot, eom, unk, pad;
    bool add_bos, add_eos;
    bool add_space_prefix;          /* decoding drops it again; VOCAB_WPM: each word has one */
    bool remove_extra_spaces;       /* VOCAB_SPM only */
    bool lower_case, strip_accents; /* VOCAB_WPM only */
} vocab;

/* On failure v needs no vocab_deinit. */
lnr_status vocab_init(vocab *v, const gguf_file *f, lnr_error *err);
void vocab_deinit(vocab *v);

/* The second half of vocab_init: the ids with a role, and what follows from names. */
lnr_status vocab_read_special(vocab *v, const gguf_file *f, lnr_error *err);

static inline bool vocab_is_special(const vocab *v, uint32_t id) {
    return v->kind[id] == TOKEN_CONTROL || v->kind[id] == TOKEN_UNKNOWN;
}

#endif
