/* A conversation at the terminal: chat.c reads lines, chat_turn.c has them answered,
 * chat_commands.c does what lines with a slash ask for. Answers go to standard output, everything
 * else to standard error. */
#ifndef LNR_CLI_CHAT_H
#define LNR_CLI_CHAT_H

#include "app/conversation.h"
#include "cli/run_model.h"

/* Figures of the last answer, for /stats. */
typedef struct chat_stats {
    bool answered;
    size_t n_prompt; /* tokens rendered */
    lnr_event done;
} chat_stats;

typedef struct chat {
    run_options o; /* sampling changes with /load */
    run_model model;
    app_conversation conversation;
    size_t n_dropped; /* turns, from the first, that the model is no longer given */
    chat_stats stats;
    bool has_color; /* of standard error, for notes */
    bool leave;
} chat;

/* Has the model answer text. Failures are told; the conversation is then as before. Returns
 * CLI_OK, or the exit code if the answer could not be written. */
int chat_turn(chat *c, lnr_str text);

/* Does what a line that begins with a slash asks for. */
void chat_command(chat *c, lnr_str line);

/* One line for the user, beside the conversation. */
void chat_note(const chat *c, const char *fmt, ...) LNR_PRINTF(2, 3);
void chat_tell_error(const lnr_error *err);

/* Says how a model without a chat template goes on, and makes it able to. */
lnr_status chat_prepare_model(chat *c, run_model *m, lnr_error *err);

#endif
