/* Text to token ids and back, as the model file defines it. */
#ifndef LANNER_TOKENIZER_H
#define LANNER_TOKENIZER_H

#include <lanner/model.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lnr_tokenizer lnr_tokenizer;

/* Reads only the vocabulary of a GGUF file. Errors as lnr_model_load. Freed with
 * lnr_tokenizer_close. */
LNR_API LNR_NODISCARD lnr_status lnr_tokenizer_open(const char *path, lnr_tokenizer **out,
                                                    lnr_error *err);
LNR_API void lnr_tokenizer_close(lnr_tokenizer *t); /* NULL allowed; not for a model's own */

/* The loaded model's tokenizer; lives as long as the model. */
LNR_API const lnr_tokenizer *lnr_model_tokenizer(const lnr_model *m);

LNR_API const char *lnr_tokenizer_kind(const lnr_tokenizer *t);     /* "llama", "gpt2", "bert" */
LNR_API const char *lnr_tokenizer_splitter(const lnr_tokenizer *t); /* "gpt-2", "qwen2", "" */
LNR_API uint32_t lnr_tokenizer_n_tokens(const lnr_tokenizer *t);
LNR_API int32_t lnr_tokenizer_bos(const lnr_tokenizer *t); /* -1: none */
LNR_API int32_t lnr_tokenizer_eos(const lnr_tokenizer *t); /* -1: none */
LNR_API bool lnr_tokenizer_is_end(const lnr_tokenizer *t, int32_t id);

/* A token's bytes as stored; n in *n_bytes; "" for an id that is out of range. Lives as long as t.
 */
LNR_API const char *lnr_tokenizer_token_text(const lnr_tokenizer *t, int32_t id, size_t *n_bytes);

#define LNR_TOKENIZE_ADD_SPECIAL   1u /* BOS and EOS where the file asks for them */
#define LNR_TOKENIZE_PARSE_SPECIAL 2u /* control tokens written in the text become those tokens */

/* ids: on LNR_OK n tokens, yours, freed with lnr_tokens_free. Any bytes are accepted as text.
 * LNR_E_NOMEM, LNR_E_LIMIT. Threads: any. */
LNR_API LNR_NODISCARD lnr_status lnr_tokenize(const lnr_tokenizer *t, const char *text,
                                              size_t n_bytes, uint32_t flags, int32_t **ids,
                                              size_t *n, lnr_error *err);
LNR_API void lnr_tokens_free(int32_t *ids);

/* Turns generated tokens into text piece by piece; never gives out half a UTF-8 character. */
typedef struct lnr_detokenizer lnr_detokenizer;

/* special: show control tokens. at_start: the tokens begin a text (else they continue a prompt).
 * NULL when memory is short. */
LNR_API lnr_detokenizer *lnr_detokenizer_create(const lnr_tokenizer *t, bool special,
                                                bool at_start);
LNR_API void lnr_detokenizer_destroy(lnr_detokenizer *d); /* NULL allowed */

/* The whole characters that id completes (perhaps none): *n_bytes bytes, NUL-terminated, valid
 * until the next call. LNR_E_NOMEM. */
LNR_API LNR_NODISCARD lnr_status lnr_detokenizer_add(lnr_detokenizer *d, int32_t id,
                                                     const char **text, size_t *n_bytes);
/* What was held back, at the end; invalid bytes become U+FFFD. */
LNR_API LNR_NODISCARD lnr_status lnr_detokenizer_end(lnr_detokenizer *d, const char **text,
                                                     size_t *n_bytes);

#ifdef __cplusplus
}
#endif
#endif
