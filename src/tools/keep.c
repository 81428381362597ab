/* See keep.h. */
#define PCRE2_CODE_UNIT_WIDTH 8

#include "tools/keep.h"

#include "base/alloc.h"
#include "quant/format.h"

#include <pcre2.h>
#include <stdio.h>

#define RULES_MAX   64
#define MATCH_LIMIT 100000u /* a name has at most 63 bytes: ample for any pattern without traps */

typedef struct keep_rule {
    lnr_str text; /* the rule as given; borrowed */
    pcre2_code *code;
    lnr_type type;
    bool used;
} keep_rule;

struct keep_rules {
    pcre2_general_context *memory; /* owned, as all below; routes PCRE2 to lnr_alloc */
    pcre2_match_data *match;
    pcre2_match_context *context;
    keep_rule rule[RULES_MAX];
    size_t n;
};

static void *pcre_alloc(size_t bytes, void *user) {
    (void)user;
    return lnr_alloc(bytes);
}

static void pcre_free(void *p, void *user) {
    (void)user;
    lnr_free(p);
}

static bool find_type(lnr_str name, lnr_type *type) {
    for (uint32_t id = 0; id < LNR_TYPE_IDS; id++)
        if (lnr_type_known(id) && lnr_str_is(name, lnr_type_name((lnr_type)id))) {
            *type = (lnr_type)id;
            return true;
        }
    return false;
}

static lnr_status bad_type(lnr_str rule, lnr_str name, lnr_error *err) {
    char names[160] = "";
    size_t n = 0;
    for (uint32_t id = 0; id < LNR_TYPE_IDS; id++) {
        const lnr_format *f = lnr_type_known(id) ? lnr_format_find((lnr_type)id) : NULL;
        if (f && f->encode && n < sizeof names)
            n += (size_t)snprintf(names + n, sizeof names - n, "%s%s", n ? ", " : "",
                                  lnr_type_name((lnr_type)id));
    }
    return LNR_FAIL(err, LNR_E_ARGUMENT, "rule '%.*s': '%.*s' is no tensor type; there are %s",
                    LNR_STR(rule), LNR_STR(name), names);
}

static lnr_status add_rule(keep_rules *k, lnr_str text, lnr_error *err) {
    size_t equals = text.n;
    while (equals > 0 && text.p[equals - 1] != '=')
        equals--;
    if (equals <= 1)
        return LNR_FAIL(err, LNR_E_ARGUMENT, "rule '%.*s': REGEX=TYPE expected", LNR_STR(text));
    if (k->n == RULES_MAX)
        return LNR_FAIL(err, LNR_E_ARGUMENT, "more than %d rules", RULES_MAX);
    keep_rule *r = &k->rule[k->n];
    lnr_str type = {text.p + equals, text.n - equals};
    r->text = text;
    if (!find_type(type, &r->type))
        return bad_type(text, type, err);
    int code;
    size_t offset;
    pcre2_compile_context *compiling = pcre2_compile_context_create(k->memory);
    if (compiling == NULL)
        return LNR_FAIL(err, LNR_E_NOMEM, "no memory for a rule");
    r->code = pcre2_compile((PCRE2_SPTR)text.p, equals - 1, 0, &code, &offset, compiling);
    pcre2_compile_context_free(compiling);
    if (r->code == NULL) {
        PCRE2_UCHAR why[120];
        if (pcre2_get_error_message(code, why, sizeof why) < 0)
            why[0] = '\0';
        return LNR_FAIL(err, LNR_E_ARGUMENT, "rule '%.*s': %s, at character %zu", LNR_STR(text),
                        (const char *)why, offset + 1);
    }
    k->n++;
    return LNR_OK;
}

static lnr_status add_rules(keep_rules *k, const char *rules, lnr_error *err) {
    for (const char *p = rules; *p;) {
        size_t n = strcspn(p, " \t\n");
        if (n > 0)
            LNR_TRY(add_rule(k, (lnr_str){p, n}, err));
        p += n + (p[n] != '\0');
    }
    return LNR_OK;
}

lnr_status keep_create(const char *rules, keep_rules **out, lnr_error *err) {
    *out = NULL;
    keep_rules *k = lnr_new(keep_rules);
    if (k) {
        k->memory = pcre2_general_context_create(pcre_alloc, pcre_free, NULL);
        k->match = pcre2_match_data_create(1, k->memory);
        k->context = pcre2_match_context_create(k->memory);
    }
    lnr_status st = LNR_OK;
    if (k == NULL || !k->memory || !k->match || !k->context)
        st = LNR_FAIL(err, LNR_E_NOMEM, "no memory for rules");
    else
        st = add_rules(k, rules ? rules : "", err);
    if (st) {
        keep_destroy(k);
        return st;
    }
    pcre2_set_match_limit(k->context, MATCH_LIMIT);
    *out = k;
    return LNR_OK;
}

void keep_destroy(keep_rules *k) {
    if (k == NULL)
        return;
    for (size_t i = 0; i < k->n; i++)
        pcre2_code_free(k->rule[i].code);
    pcre2_match_context_free(k->context);
    pcre2_match_data_free(k->match);
    pcre2_general_context_free(k->memory);
    lnr_free(k);
}

lnr_status keep_find(keep_rules *k, lnr_str name, bool *found, lnr_type *type, lnr_error *err) {
    *found = false;
    for (size_t i = 0; i < k->n && !*found; i++) {
        keep_rule *r = &k->rule[i];
        int rc = pcre2_match(r->code, (PCRE2_SPTR)name.p, name.n, 0, 0, k->match, k->context);
        if (rc < 0 && rc != PCRE2_ERROR_NOMATCH)
            return LNR_FAIL(err, rc == PCRE2_ERROR_NOMEMORY ? LNR_E_NOMEM : LNR_E_LIMIT,
                            "rule '%.*s' gave up on tensor '%.*s' (PCRE2 error %d)",
                            LNR_STR(r->text), LNR_STR(name), rc);
        if (rc >= 0) {
            r->used = *found = true;
            *type = r->type;
        }
    }
    return LNR_OK;
}

lnr_status keep_check_used(const keep_rules *k, lnr_error *err) {
    for (size_t i = 0; i < k->n; i++)
        if (!k->rule[i].used)
            return LNR_FAIL(err, LNR_E_ARGUMENT,
                            "rule '%.*s' has no effect: no matrix of the model is left for it",
                            LNR_STR(k->rule[i].text));
    return LNR_OK;
}
