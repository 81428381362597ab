/* What one rendering owns: its memory, its budgets, its output, and its first failure.
 *
 * The one idea is the sticky status: after something failed every operation does nothing and gives
 * back an undefined value, so the interpreter reads like the semantics it implements and only loops
 * ask runtime_step whether to go on. All text is built at the end of one output buffer and taken
 * from there, which makes one bound on that buffer a bound on every string.
 *
 * Every bound on a hostile template is here: steps (time), arena bytes (memory), buffer bytes
 * (output), depth (the C stack). */
#ifndef LNR_TEXT_TEMPLATE_RUNTIME_H
#define LNR_TEXT_TEMPLATE_RUNTIME_H

#include "base/arena.h"
#include "base/buf.h"
#include "text/template/value.h"

struct template_clock;

/* Nested values in what is printed, compared or hashed. The reader of JSON allows 128. */
#define VALUE_DEPTH_MAX 192

struct runtime {
    arena memory; /* owned; every value of this rendering lives here */
    size_t memory_left;
    uint64_t steps_left;
    uint64_t steps_max; /* for the message */
    size_t memory_max;
    size_t out_max;
    lnr_buf *out;      /* the caller's; the text being built is its tail */
    size_t out_start;  /* where this rendering's output begins in it */
    char *text_top;    /* end of the newest text in the arena, which may still grow there, */
    size_t text_spare; /* by as many bytes */
    unsigned depth;    /* nested evaluations */
    unsigned n_calls;  /* nested macros */
    uint32_t line;     /* of the template, being executed; 0 while there is none */
    lnr_status status; /* the first failure; LNR_OK until then */
    lnr_error *err;    /* may be NULL */
    uint8_t jump;      /* NODE_BREAK or NODE_CONTINUE on its way to its loop, else 0 */
    struct binding *free_bindings; /* of closed frames, to be used again */
    struct frame *free_frames;
    value_dict *variables; /* the caller's */
    const struct template_clock *clock;
    const struct compiled_template *compiled;
    value_list sink_list; /* handed out when memory is short; stays empty */
    value_dict sink_dict;
};

/* Records the first failure with the line it happened at. */
void runtime_fail(runtime *r, lnr_status code, const char *fmt, ...) LNR_PRINTF(3, 4);

/* Counts n steps; false when the budget is spent or something failed before. */
bool runtime_spend(runtime *r, size_t n);

static inline bool runtime_step(runtime *r) {
    if (r->status != LNR_OK || r->steps_left == 0)
        return runtime_spend(r, 1);
    r->steps_left--;
    return true;
}

/* Enters a nested evaluation; false when it is too deep. Each true one is followed by leave. */
bool runtime_enter(runtime *r);
void runtime_leave(runtime *r);

void *runtime_alloc(runtime *r, size_t n, size_t item_bytes); /* zeroed; NULL after a failure */

/* Appending to the output, and taking its tail since a mark as a string. */
void out_add(runtime *r, const char *p, size_t n);
void out_add_str(runtime *r, const char *z);
void out_add_text(runtime *r, lnr_str s);
void out_add_char(runtime *r, char c);
void out_add_cp(runtime *r, uint32_t cp);
size_t out_mark(const runtime *r);
value out_take(runtime *r, size_t mark);

/* A copy in the arena, and a joined text. */
lnr_str text_copy(runtime *r, lnr_str s);
lnr_str text_join(runtime *r, lnr_str a, lnr_str b);

#endif
