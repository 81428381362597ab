/* See text_support.h. */
#include "text_support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

tokenizer *tokenizer_of(gguf_file *f) {
    tokenizer *t;
    lnr_error err = {0};
    if (tokenizer_create(f, &t, &err))
        fail_msg("creating: %s", err.text);
    gguf_close(f);
    return t;
}

void skip_without_shared_data(void) {
    if (access(LNR_SHARED_DATA, R_OK) != 0) {
        print_message("skipped: no test data in %s\n", LNR_SHARED_DATA);
        skip();
    }
}

static const char *shared_path(const char *name) {
    static char full[512];
    skip_without_shared_data();
    snprintf(full, sizeof full, "%s/%s", LNR_SHARED_DATA, name);
    return full;
}

lnr_buf shared_file(const char *name) {
    os_file *f;
    lnr_error err = {0};
    if (os_file_open(shared_path(name), &f, &err))
        fail_msg("%s", err.text);
    size_t n = (size_t)os_file_size(f);
    char *p = test_malloc(n + 1);
    assert_int_equal(os_file_read_at(f, 0, p, n, &err), LNR_OK);
    os_file_close(f);
    lnr_buf b;
    buf_init(&b);
    buf_add(&b, p, n);
    test_free(p);
    return b;
}

gguf_file *shared_gguf(const char *name) {
    gguf_file *f;
    lnr_error err = {0};
    if (gguf_open(shared_path(name), &f, &err))
        fail_msg("%s", err.text);
    return f;
}

token_list encode(const tokenizer *t, const char *text, size_t n, int flags) {
    token_list l;
    token_list_init(&l);
    lnr_error err = {0};
    if (tokenizer_encode(t, (lnr_str){text, n}, flags, &l, &err))
        fail_msg("encoding: %s", err.text);
    return l;
}

lnr_buf decode(const tokenizer *t, const token_list *l, bool special, bool at_start) {
    lnr_buf b;
    buf_init(&b);
    for (size_t i = 0; i < l->n; i++) {
        tokenizer_decode(t, l->id[i], special, at_start, &b);
        if (special || tokenizer_token_kind(t, l->id[i]) != TOKEN_CONTROL)
            at_start = false;
    }
    assert_false(buf_failed(&b));
    return b;
}
