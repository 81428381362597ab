/* What the text tests share: vocabularies made in the test and written as GGUF, files of the test
 * data, encoding in one line. */
#ifndef LNR_TESTS_TEXT_SUPPORT_H
#define LNR_TESTS_TEXT_SUPPORT_H

#include "base/arena.h"
#include "gguf/writer.h"
#include "text/tokenizer.h"

/* Starts a GGUF file in the temporary folder with architecture and tokenizer.ggml.model. */
gguf_writer *vocab_file_begin(const char *model);

/* Finishes the file, opens it and removes its name. */
gguf_file *vocab_file_open(gguf_writer *w);

void put_strings(gguf_writer *w, const char *key, const char *const *z, size_t n);
void put_kinds(gguf_writer *w, const int32_t *kind, size_t n);
void put_scores(gguf_writer *w, const float *score, size_t n);

/* The tokenizer of a file that must be good; closes the file. */
tokenizer *tokenizer_of(gguf_file *f);

/* A file of the test data; skips the test where the folder is absent. */
lnr_buf shared_file(const char *name);
gguf_file *shared_gguf(const char *name);
void skip_without_shared_data(void);

/* A "gpt2" tokenizer with one token a byte, then tokens and merges for each of the words given: for
 * "abc" the merges "a b" and "ab c". The control tokens <s> and <|im_end|> and the user-defined
 * <user> follow. */
typedef struct tiny_bpe {
    const char *const *words;
    size_t n_words;
    const char *pre; /* NULL: no key */
} tiny_bpe;
gguf_file *tiny_bpe_file(const tiny_bpe *options);

/* A "llama" vocabulary: <unk>, <s>, </s>, 256 byte tokens, then letters and words with falling
 * scores, then control <|im_end|> and user-defined <user>. */
gguf_file *tiny_spm_file(void);

token_list encode(const tokenizer *t, const char *text, size_t n, int flags);
lnr_buf decode(const tokenizer *t, const token_list *l, bool special, bool at_start);

#endif
