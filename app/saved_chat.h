/* A conversation in a file: a JSON object with the messages as OpenAI's API has them (the system
 * message is the first), the model's path and how its tokens were sampled. */
#ifndef LNR_APP_SAVED_CHAT_H
#define LNR_APP_SAVED_CHAT_H

#include "app/conversation.h"

#include <lanner/sampler.h>

typedef struct app_saved_chat {
    char *model; /* owned; NULL: not said */
    app_conversation conversation;
    bool has_sampling;
    lnr_sampler_options sampling;
} app_saved_chat;

/* Replaces path as a whole or leaves it alone; only its owner may read it. */
lnr_status app_chat_save(const char *path, const app_conversation *c, const char *model,
                         const lnr_sampler_options *sampling, lnr_error *err);

/* defaults: of sampling fields that the file does not name. LNR_E_FORMAT names the field that is
 * missing, unknown or of a wrong type or value; LNR_E_IO, LNR_E_LIMIT, LNR_E_NOMEM. On failure
 * nothing is left to release. */
lnr_status app_chat_load(const char *path, const lnr_sampler_options *defaults, app_saved_chat *out,
                         lnr_error *err);
void app_saved_chat_deinit(app_saved_chat *s);

#endif
