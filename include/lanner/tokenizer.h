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

#define LNR_STOPS_MAX      64  /* stop strings */
#define LNR_STOP_BYTES_MAX 256 /* of each */

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

/* Cuts a text that arrives in pieces before the first stop string: where one is complete first, and
 * of several that end there before the longest. Holds back only what could still become one.
 * Works on bytes; the result does not depend on the pieces. */
typedef struct lnr_stop lnr_stop;

/* stop: n strings, copied. LNR_E_ARGUMENT (more than LNR_STOPS_MAX, an empty or too long one),
 * LNR_E_NOMEM. */
LNR_API LNR_NODISCARD lnr_status lnr_stop_create(const char *const *stop, size_t n, lnr_stop **out,
                                                 lnr_error *err);
LNR_API void lnr_stop_destroy(lnr_stop *s); /* NULL allowed */

/* safe: bytes that may be shown now, perhaps of earlier pieces; valid until the next call. *idx:
 * the stop string that was found, else -1; from then on no more bytes come out. LNR_E_NOMEM. */
LNR_API LNR_NODISCARD lnr_status lnr_stop_add(lnr_stop *s, const char *text, size_t n_bytes,
                                              const char **safe, size_t *n_safe, int *idx);
/* What was held back, at the end of a text without stop string. */
LNR_API void lnr_stop_end(lnr_stop *s, const char **safe, size_t *n_safe);

#ifdef __cplusplus
}
#endif
#endif
