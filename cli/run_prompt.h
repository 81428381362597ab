/* From messages to the tokens that a model is given. */
#ifndef LNR_CLI_RUN_PROMPT_H
#define LNR_CLI_RUN_PROMPT_H

#include "app/conversation.h"
#include "cli/run_model.h"

/* A rendered prompt. */
typedef struct run_prompt {
    lnr_buf text;
    int32_t *ids; /* (n); owned, as text */
    size_t n;
} run_prompt;

void run_prompt_deinit(run_prompt *p); /* may be all zero */

/* The conversation without its first n_left_out turns, by the model's template (m->chat is not
 * NULL). On failure nothing is left to release. */
lnr_status run_prompt_render(const run_model *m, const app_conversation *c, size_t n_left_out,
                             run_prompt *out, lnr_error *err);

/* How many tokens at the beginning of a rendered prompt are the system message's; 0 without one, or
 * where the template does not render it alone. */
size_t run_prompt_system_tokens(const run_model *m, const app_conversation *c,
                                const run_prompt *whole);

#endif
