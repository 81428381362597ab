/* Vocabularies made on the spot and written as GGUF: for tests and fuzz targets that need a
 * tokenizer without a model. A failure to write is the test's failure: it aborts. */
#ifndef LNR_TESTS_VOCAB_FILE_H
#define LNR_TESTS_VOCAB_FILE_H

#include "gguf/writer.h"

/* Starts a GGUF file in the temporary folder with architecture and tokenizer.ggml.model. */
gguf_writer *vocab_file_begin(const char *model);

/* Finishes the file, opens it and removes its name. */
gguf_file *vocab_file_open(gguf_writer *w);

void put_strings(gguf_writer *w, const char *key, const char *const *z, size_t n);
void put_kinds(gguf_writer *w, const int32_t *kind, size_t n);
void put_scores(gguf_writer *w, const float *score, size_t n);

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

/* A "bert" vocabulary: [PAD], [UNK], [CLS], [SEP], then words and continuations (U+2581 before a
 * word), then user-defined <user>. */
gguf_file *tiny_wpm_file(void);

#endif
