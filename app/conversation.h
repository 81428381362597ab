/* A conversation: messages in order, an optional system message first, then user and assistant in
 * turn. Kept in the form of OpenAI's API, so that a saved one is of use elsewhere. */
#ifndef LNR_APP_CONVERSATION_H
#define LNR_APP_CONVERSATION_H

#include "app/json.h"

typedef enum app_role { APP_ROLE_SYSTEM, APP_ROLE_USER, APP_ROLE_ASSISTANT } app_role;

typedef struct app_message {
    app_role role;
    lnr_str content, reasoning; /* owned; reasoning: of an assistant, n 0: none */
} app_message;

typedef struct app_conversation {
    app_message *message; /* (n); owned */
    size_t n, capacity;
} app_conversation;

void app_conversation_init(app_conversation *c);
void app_conversation_deinit(app_conversation *c);

/* Copies the texts. LNR_E_NOMEM leaves the conversation as it was. */
lnr_status app_conversation_add(app_conversation *c, app_role role, lnr_str content,
                                lnr_str reasoning, lnr_error *err);
void app_conversation_drop_last(app_conversation *c); /* n > 0 */

/* Takes all messages away but the system message. */
void app_conversation_reset(app_conversation *c);

/* Sets, replaces or (content.n == 0) takes away the system message. */
lnr_status app_conversation_set_system(app_conversation *c, lnr_str content, lnr_error *err);
bool app_conversation_has_system(const app_conversation *c);

/* User messages. */
size_t app_conversation_n_turns(const app_conversation *c);

/* Writes the member "messages", without the first n_left_out turns. */
void app_conversation_write(const app_conversation *c, size_t n_left_out, app_json *j);

#endif
