/* Chat templates: a compiler and interpreter for the Jinja that model templates are written in.
 *
 * The one idea: every value, operator, filter and method behaves as Jinja2 on Python has it, in the
 * sandbox and with the settings that Hugging Face's transformers uses (trim_blocks, lstrip_blocks,
 * break and continue, `generation` blocks, its tojson, strftime_now and raise_exception), so that a
 * template gives here, byte for byte, what its author saw. Template and variables may be hostile:
 * time, memory, output and depth are bounded, and nothing in here can reach outside the rendering.
 *
 * Not here: include, import, extends, block, autoescape, i18n and the random filter (refused by
 * name), integers of more than 64 bits. */
#ifndef LNR_TEXT_TEMPLATE_TEMPLATE_H
#define LNR_TEXT_TEMPLATE_TEMPLATE_H

#include "base/buf.h"

#define TEMPLATE_SOURCE_MAX (1u << 20) /* bytes; the longest known is 17 KB */
#define TEMPLATE_STACK_MAX  1500       /* nested evaluations, each below 1 KB: 1.5 MB of stack */

typedef struct compiled_template compiled_template;

/* The time that strftime_now tells. */
typedef struct template_clock {
    int64_t unix_seconds;
    int32_t utc_offset_seconds;
} template_clock;

typedef struct template_limits {
    uint64_t steps;
    size_t memory_bytes;
    size_t output_bytes;
} template_limits;

#define TEMPLATE_LIMITS_DEFAULT ((template_limits){10000000, (size_t)64 << 20, (size_t)16 << 20})

/* source is UTF-8, not kept. LNR_E_FORMAT (a syntax error, with its line), LNR_E_UNSUPPORTED,
 * LNR_E_LIMIT, LNR_E_NOMEM; *out is then NULL. A compiled template never changes: any thread. */
lnr_status template_compile(lnr_str source, compiled_template **out, lnr_error *err);
void template_destroy(compiled_template *t); /* NULL allowed */

/* Appends the rendered text to out; after a failure out is as it was.
 *
 * variables  a JSON object: messages, tools, add_generation_prompt, bos_token ...; or a bare list,
 *            which is the messages.
 * clock      for strftime_now; NULL: a template that asks for the time fails.
 * limits     NULL for the default.
 *
 * LNR_E_ARGUMENT: the template refused these messages (raise_exception) or failed on them; names
 * the template's line. LNR_E_FORMAT: variables are no JSON object. LNR_E_LIMIT, LNR_E_UNSUPPORTED,
 * LNR_E_NOMEM. */
lnr_status template_render(const compiled_template *t, lnr_str variables,
                           const template_clock *clock, const template_limits *limits, lnr_buf *out,
                           lnr_error *err);

/* Likewise; what variables does not name is taken from defaults, a JSON object. */
lnr_status template_render_over(const compiled_template *t, lnr_str defaults, lnr_str variables,
                                const template_clock *clock, const template_limits *limits,
                                lnr_buf *out, lnr_error *err);

#endif
