/* Text to token ids and back, as the model file's own metadata defines it.
 *
 * One tokenizer serves every vocabulary kind: SentencePiece BPE ("llama"), byte-level BPE ("gpt2")
 * with the splitter that tokenizer.ggml.pre names, WordPiece ("bert"). An unknown kind or splitter
 * is an error, never a guess.
 *
 * A tokenizer never changes after creation; any thread may use it. */
#ifndef LNR_TEXT_TOKENIZER_H
#define LNR_TEXT_TOKENIZER_H

#include "base/buf.h"
#include "base/fail.h"
#include "base/slice.h"
#include "gguf/gguf.h"

typedef struct tokenizer tokenizer;

#define TOKEN_NONE (-1)

typedef enum token_kind { /* values of tokenizer.ggml.token_type */
                          TOKEN_NORMAL = 1,
                          TOKEN_UNKNOWN,
                          TOKEN_CONTROL,
                          TOKEN_USER_DEFINED,
                          TOKEN_UNUSED,
                          TOKEN_BYTE,
} token_kind;

typedef struct token_list {
    int32_t *id; /* owned */
    size_t n, capacity;
} token_list;

void token_list_init(token_list *l);
void token_list_deinit(token_list *l);

/* Appends; LNR_E_NOMEM, LNR_E_LIMIT (more than INT32_MAX tokens). */
lnr_status token_list_add(token_list *l, int32_t id, lnr_error *err);
lnr_status token_list_add_n(token_list *l, const int32_t *id, size_t n, lnr_error *err);

/* Copies what it needs: f may be closed afterwards. */
lnr_status tokenizer_create(const gguf_file *f, tokenizer **out, lnr_error *err);
void tokenizer_destroy(tokenizer *t); /* NULL allowed */

uint32_t tokenizer_n_tokens(const tokenizer *t);
const char *tokenizer_model(const tokenizer *t);    /* "llama", "gpt2", "bert" */
const char *tokenizer_splitter(const tokenizer *t); /* "gpt-2", "qwen2"; "" where there is none */
lnr_str tokenizer_token_text(const tokenizer *t, int32_t id); /* as stored in the file */
token_kind tokenizer_token_kind(const tokenizer *t, int32_t id);
int32_t tokenizer_bos(const tokenizer *t); /* TOKEN_NONE where there is none; eos, eot likewise */
int32_t tokenizer_eos(const tokenizer *t);
bool tokenizer_is_end(const tokenizer *t,
                      int32_t id); /* eos, eot, eom and their well-known names */
bool tokenizer_adds_bos(const tokenizer *t);
bool tokenizer_adds_eos(const tokenizer *t);

enum {
    TOKENIZE_ADD_SPECIAL = 1,   /* BOS and EOS where the file asks for them */
    TOKENIZE_PARSE_SPECIAL = 2, /* control tokens written out in the text become those tokens;
                                   user-defined ones always do */
};

/* Appends to out. Any bytes are accepted. LNR_E_NOMEM, LNR_E_LIMIT (a pattern's match limit, or
 * more than INT32_MAX tokens). Time grows as n log n at worst, whatever the text. */
lnr_status tokenizer_encode(const tokenizer *t, lnr_str text, int flags, token_list *out,
                            lnr_error *err);

/* Appends one token's bytes to out: not always whole characters. With special false, control tokens
 * give nothing. out-of-range ids give nothing. at_start: a SentencePiece token drops its leading
 * space. */
void tokenizer_decode(const tokenizer *t, int32_t id, bool special, bool at_start, lnr_buf *out);

/* Streaming: holds back the bytes of an incomplete UTF-8 character until the next token completes
 * it. */
typedef struct token_stream {
    const tokenizer *tokenizer; /* borrowed */
    lnr_buf pending;            /* owned: an incomplete character */
    bool special, at_start;
} token_stream;

/* at_start: true if the stream begins the text; false if it continues a prompt. */
void token_stream_init(token_stream *s, const tokenizer *t, bool special, bool at_start);
void token_stream_deinit(token_stream *s);
void token_stream_add(token_stream *s, int32_t id,
                      lnr_buf *out); /* appends whole characters to out */
void token_stream_end(token_stream *s,
                      lnr_buf *out); /* what is left; invalid bytes become U+FFFD */

#endif
