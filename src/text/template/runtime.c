/* Budgets, failure and output of a rendering; see runtime.h. */
#include "text/template/runtime.h"

#include "base/checked.h"
#include "base/utf8.h"
#include "text/template/template.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

void runtime_fail(runtime *r, lnr_status code, const char *fmt, ...) {
    if (r->status != LNR_OK)
        return;
    char text[LNR_ERROR_TEXT_MAX];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (r->line)
        r->status = LNR_FAIL(r->err, code, "template line %" PRIu32 ": %s", r->line, text);
    else
        r->status = LNR_FAIL(r->err, code, "%s", text);
}

bool runtime_spend(runtime *r, size_t n) {
    if (r->status != LNR_OK)
        return false;
    if (n > r->steps_left) {
        runtime_fail(r, LNR_E_LIMIT, "more than %" PRIu64 " steps", r->steps_max);
        return false;
    }
    r->steps_left -= n;
    return true;
}

bool runtime_enter(runtime *r) {
    if (r->status != LNR_OK)
        return false;
    if (r->depth >= TEMPLATE_STACK_MAX) {
        runtime_fail(r, LNR_E_LIMIT, "more than %d nested evaluations", TEMPLATE_STACK_MAX);
        return false;
    }
    r->depth++;
    return true;
}

void runtime_leave(runtime *r) {
    r->depth--;
}

void *runtime_alloc(runtime *r, size_t n, size_t item_bytes) {
    if (r->status != LNR_OK)
        return NULL;
    size_t bytes;
    if (!lnr_mul_size(n, item_bytes, &bytes) || bytes > r->memory_left) {
        runtime_fail(r, LNR_E_LIMIT, "needs more than %zu bytes of memory", r->memory_max);
        return NULL;
    }
    void *p = arena_alloc(&r->memory, n, item_bytes);
    if (p == NULL)
        runtime_fail(r, LNR_E_NOMEM, "template: %zu bytes", bytes);
    r->memory_left -= bytes;
    return p;
}

void out_add(runtime *r, const char *p, size_t n) {
    if (!runtime_spend(r, n / 64)) /* copying is cheap, but not free */
        return;
    if (n > r->out_max - (r->out->n - r->out_start)) {
        runtime_fail(r, LNR_E_LIMIT, "more than %zu bytes of output", r->out_max);
        return;
    }
    buf_add(r->out, p, n);
    if (buf_failed(r->out))
        runtime_fail(r, LNR_E_NOMEM, "template: output");
}

void out_add_str(runtime *r, const char *z) {
    out_add(r, z, strlen(z));
}

void out_add_text(runtime *r, lnr_str s) {
    out_add(r, s.p, s.n);
}

void out_add_char(runtime *r, char c) {
    out_add(r, &c, 1);
}

void out_add_cp(runtime *r, uint32_t cp) {
    char utf8[LNR_UTF8_MAX];
    out_add(r, utf8, lnr_utf8_encode(cp, utf8));
}

size_t out_mark(const runtime *r) {
    return r->out->n;
}

value out_take(runtime *r, size_t mark) {
    lnr_str s = {r->out->p ? r->out->p + mark : "", r->out->n - mark};
    s = text_copy(r, s);
    r->out->n = mark;
    return value_str(s);
}

lnr_str text_copy(runtime *r, lnr_str s) {
    return text_join(r, s, LITERAL(""));
}

/* A text that grows piece by piece (`ns.text = ns.text + part`) would copy itself each time. As
 * long as it is the newest text and room was left behind it, the piece goes there: nobody else sees
 * those bytes, and the shorter string stays what it was. */
lnr_str text_join(runtime *r, lnr_str a, lnr_str b) {
    bool grows = a.n && a.p + a.n == r->text_top && b.n <= r->text_spare;
    if (!runtime_spend(r, ((grows ? 0 : a.n) + b.n) / 64))
        return LITERAL("");
    if (grows) {
        memcpy(r->text_top, b.p, b.n);
        r->text_top += b.n;
        r->text_spare -= b.n;
        return (lnr_str){a.p, a.n + b.n};
    }
    size_t n = a.n + b.n, spare = b.n ? n : 0;
    if (n == 0)
        return LITERAL("");
    if (n > r->out_max) {
        runtime_fail(r, LNR_E_LIMIT, "a text of more than %zu bytes", r->out_max);
        return LITERAL("");
    }
    char *p = runtime_alloc(r, n + spare, 1);
    if (p == NULL)
        return LITERAL("");
    memcpy(p, a.p, a.n);
    if (b.n)
        memcpy(p + a.n, b.p, b.n);
    r->text_top = p + n;
    r->text_spare = spare;
    return (lnr_str){p, n};
}
