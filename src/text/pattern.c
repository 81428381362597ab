/* See pattern.h. */
#define PCRE2_CODE_UNIT_WIDTH 8

#include "text/pattern.h"

#include "base/alloc.h"

#include <pcre2.h>

struct pattern_list {
    const char *name;                   /* borrowed */
    pcre2_general_context *memory;      /* owned; routes PCRE2 to lnr_alloc */
    pcre2_code *code[PATTERN_LIST_MAX]; /* owned */
    bool has_jit[PATTERN_LIST_MAX];
    size_t n;
};

struct pattern_run {
    const pattern_list *list; /* borrowed */
    pcre2_match_data *match;  /* owned, as context is */
    pcre2_match_context *context;
    const size_t *bounds; /* in match */
};

static void *pcre_alloc(size_t bytes, void *user) {
    (void)user;
    return lnr_alloc(bytes);
}

static void pcre_free(void *p, void *user) {
    (void)user;
    lnr_free(p);
}

static lnr_status compile(pattern_list *l, const char *pattern, lnr_error *err) {
    int code;
    size_t offset;
    pcre2_compile_context *context = pcre2_compile_context_create(l->memory);
    if (context == NULL)
        return LNR_FAIL(err, LNR_E_NOMEM, "patterns '%s'", l->name);
    pcre2_code *re = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, PCRE2_UTF, &code,
                                   &offset, context);
    pcre2_compile_context_free(context);
    if (re == NULL)
        return LNR_FAIL(err, code == PCRE2_ERROR_HEAP_FAILED ? LNR_E_NOMEM : LNR_E_UNSUPPORTED,
                        "patterns '%s': PCRE2 error %d at %zu of number %zu", l->name, code, offset,
                        l->n);
    l->code[l->n] = re;
    /* Where the JIT is missing or forbidden PCRE2 interprets: slower, with the same result. */
    int rc = pcre2_jit_compile(re, PCRE2_JIT_COMPLETE);
    l->has_jit[l->n++] = rc == 0;
    if (rc == PCRE2_ERROR_NOMEMORY)
        return LNR_FAIL(err, LNR_E_NOMEM, "patterns '%s'", l->name);
    return LNR_OK;
}

lnr_status pattern_list_create(const char *name, const char *const *pattern, pattern_list **out,
                               lnr_error *err) {
    *out = NULL;
    pattern_list *l = lnr_new(pattern_list);
    if (l == NULL)
        return LNR_FAIL(err, LNR_E_NOMEM, "patterns '%s'", name);
    l->name = name;
    l->memory = pcre2_general_context_create(pcre_alloc, pcre_free, NULL);
    lnr_status st = l->memory ? LNR_OK : LNR_FAIL(err, LNR_E_NOMEM, "patterns '%s'", name);
    for (size_t i = 0; !st && i < PATTERN_LIST_MAX && pattern[i]; i++)
        st = compile(l, pattern[i], err);
    if (st)
        pattern_list_destroy(l);
    else
        *out = l;
    return st;
}

void pattern_list_destroy(pattern_list *l) {
    if (l == NULL)
        return;
    for (size_t i = 0; i < l->n; i++)
        pcre2_code_free(l->code[i]);
    pcre2_general_context_free(l->memory);
    lnr_free(l);
}

size_t pattern_list_count(const pattern_list *l) {
    return l->n;
}

lnr_status pattern_run_create(const pattern_list *l, pattern_run **out, lnr_error *err) {
    *out = NULL;
    pattern_run *r = lnr_new(pattern_run);
    if (r) {
        r->list = l;
        r->match = pcre2_match_data_create(PATTERN_GROUPS_MAX + 1, l->memory);
        r->context = pcre2_match_context_create(l->memory);
    }
    if (r == NULL || r->match == NULL || r->context == NULL) {
        pattern_run_destroy(r);
        return LNR_FAIL(err, LNR_E_NOMEM, "searching text");
    }
    r->bounds = pcre2_get_ovector_pointer(r->match);
    *out = r;
    return LNR_OK;
}

void pattern_run_destroy(pattern_run *r) {
    if (r == NULL)
        return;
    pcre2_match_context_free(r->context);
    pcre2_match_data_free(r->match);
    lnr_free(r);
}

void pattern_run_limit(pattern_run *r, size_t n_bytes) {
    /* Ample for patterns that look at each character some times; no text gets a search this far. */
    uint64_t limit = 64 * (uint64_t)n_bytes + 10000;
    pcre2_set_match_limit(r->context, limit < UINT32_MAX ? (uint32_t)limit : UINT32_MAX);
}

lnr_status pattern_find(pattern_run *r, size_t idx, lnr_str text, size_t at, pattern_match *m,
                        lnr_error *err) {
    const pattern_list *l = r->list;
    PCRE2_SPTR p = (PCRE2_SPTR)text.p;
    uint32_t options = PCRE2_NO_UTF_CHECK | PCRE2_NOTEMPTY;
    int rc = l->has_jit[idx]
                 ? pcre2_jit_match(l->code[idx], p, text.n, at, options, r->match, r->context)
                 : pcre2_match(l->code[idx], p, text.n, at, options, r->match, r->context);
    if (rc == PCRE2_ERROR_NOMATCH) {
        *m = (pattern_match){text.n, text.n, 0};
        return LNR_OK;
    }
    if (rc == PCRE2_ERROR_NOMEMORY)
        return LNR_FAIL(err, LNR_E_NOMEM, "searching %zu bytes of text", text.n);
    if (rc < 0)
        return LNR_FAIL(err, LNR_E_LIMIT,
                        "patterns '%s' gave up on a piece of %zu bytes (PCRE2 error %d)", l->name,
                        text.n, rc);
    *m = (pattern_match){r->bounds[0], r->bounds[1], rc - 1};
    return LNR_OK;
}
