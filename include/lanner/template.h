/* Chat templates: from messages to the text of a prompt, by the Jinja template that the model's
 * author wrote. */
#ifndef LANNER_TEMPLATE_H
#define LANNER_TEMPLATE_H

#include <lanner/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Never changes once compiled; any thread may render with it. */
typedef struct lnr_template lnr_template;

/* source: n_bytes of UTF-8, not kept. LNR_E_FORMAT (a syntax error; the line is named),
 * LNR_E_UNSUPPORTED, LNR_E_LIMIT, LNR_E_NOMEM. */
LNR_API LNR_NODISCARD lnr_status lnr_template_compile(const char *source, size_t n_bytes,
                                                      lnr_template **out, lnr_error *err);

/* A template of a GGUF file, with the file's start and end tokens as bos_token and eos_token.
 * Reads the vocabulary, no weights. name: of one among several (the file's key
 * tokenizer.chat_template.NAME); "default" or NULL: the one without a name. LNR_E_ARGUMENT (none of
 * that name; the line lists those there are), LNR_E_UNSUPPORTED (name is NULL and the file has no
 * template); else as lnr_tokenizer_open and lnr_template_compile. */
LNR_API LNR_NODISCARD lnr_status lnr_template_open(const char *path, const char *name,
                                                   lnr_template **out, lnr_error *err);

LNR_API void lnr_template_destroy(lnr_template *t); /* NULL allowed */

/* Renders. variables_json is n_bytes of JSON: an object with messages, tools,
 * add_generation_prompt, bos_token and whatever else the template asks for, or a bare list, which
 * is the messages. What it does not name: add_generation_prompt is true, and a file's template
 * knows its tokens.
 *
 * text: on LNR_OK NUL-terminated, n_text bytes, yours, freed with lnr_text_free.
 * LNR_E_ARGUMENT: the template refused these messages; its line is named. LNR_E_FORMAT (no such
 * JSON), LNR_E_LIMIT (10^7 steps, 64 MiB, 16 MiB of text), LNR_E_UNSUPPORTED, LNR_E_NOMEM.
 * Needs 2 MiB of stack. Threads: any. */
LNR_API LNR_NODISCARD lnr_status lnr_template_render(const lnr_template *t,
                                                     const char *variables_json, size_t n_bytes,
                                                     char **text, size_t *n_text, lnr_error *err);
LNR_API void lnr_text_free(char *text); /* NULL allowed */

#ifdef __cplusplus
}
#endif
#endif
