/* What the text tests share: files of the test data, encoding and decoding in one line. */
#ifndef LNR_TESTS_TEXT_SUPPORT_H
#define LNR_TESTS_TEXT_SUPPORT_H

#include "text/tokenizer.h"
#include "vocab_file.h"

/* The tokenizer of a file that must be good; closes the file. */
tokenizer *tokenizer_of(gguf_file *f);

/* A file of the test data; skips the test where the folder is absent. */
lnr_buf shared_file(const char *name);
gguf_file *shared_gguf(const char *name);
void skip_without_shared_data(void);

token_list encode(const tokenizer *t, const char *text, size_t n, int flags);
lnr_buf decode(const tokenizer *t, const token_list *l, bool special, bool at_start);

#endif
