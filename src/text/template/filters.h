/* Pieces that filters, methods and operators share. */
#ifndef LNR_TEXT_TEMPLATE_FILTERS_H
#define LNR_TEXT_TEMPLATE_FILTERS_H

#include "text/template/call.h"

value escape_html(runtime *r, value v); /* & < > ' " as entities; markup stays */
value format_percent(runtime *r, lnr_str format, value args); /* format % args */
value replace_text(runtime *r, lnr_str s, lnr_str from, lnr_str to, int64_t n_max); /* < 0: all */
value_list *split_lines(runtime *r, lnr_str s, bool keep_ends);
lnr_str strip_chars(runtime *r, lnr_str s, value chars, bool start,
                    bool end);                                         /* chars: any or none */
bool text_to_float(runtime *r, lnr_str s, double *x);                  /* Python's float(s) */
bool text_to_int(lnr_str s, int64_t base, int64_t *x, bool *overflow); /* Python's int(s, base) */
value join_texts(runtime *r, lnr_str separator, value items, bool strict);
value find_python_attribute(runtime *r, value x, lnr_str name); /* getattr alone, no items */

#endif
