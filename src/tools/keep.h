/* A user's own types for some tensors: rules "REGEX=TYPE", separated by blanks (tensor names hold
 * none; \s stands for one inside a pattern). The first rule that matches anywhere in a name wins.
 * Rules count their matches, because one that matches nothing is a typing mistake. */
#ifndef LNR_TOOLS_KEEP_H
#define LNR_TOOLS_KEEP_H

#include "base/fail.h"
#include "base/slice.h"
#include "quant/type.h"

typedef struct keep_rules keep_rules;

/* rules may be NULL or blank: none. LNR_E_ARGUMENT names the rule, what is wrong and where. */
lnr_status keep_create(const char *rules, keep_rules **out, lnr_error *err);
void keep_destroy(keep_rules *k); /* NULL allowed */

/* *found: a rule matches, *type is its type. LNR_E_LIMIT: a pattern took more steps than any sane
 * one needs for a name. */
lnr_status keep_find(keep_rules *k, lnr_str name, bool *found, lnr_type *type, lnr_error *err);

/* LNR_E_ARGUMENT, naming a rule that was not the first to match any name so far. */
lnr_status keep_check_used(const keep_rules *k, lnr_error *err);

#endif
