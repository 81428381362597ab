/* Tells the reasoning in a model's answer from the answer itself.
 *
 * Models write their reasoning between marks (<think> ... </think> and what other vendors use). A
 * mark may be spread over several tokens, so text that could be the beginning of one is held back
 * until it is clear. Reasoning begins only where nothing of the answer has been written yet: an
 * answer that speaks of "<think>" is left alone. */
#ifndef LNR_APP_REASONING_H
#define LNR_APP_REASONING_H

#include "base/buf.h"

typedef enum app_part {
    APP_PART_ANSWER,
    APP_PART_REASONING,
    APP_PART_MARK /* what stands between the two; to be shown, not kept */
} app_part;

/* p: n bytes, whole characters if what was added was. */
typedef void (*app_part_sink)(app_part part, const char *p, size_t n, void *user);

#define APP_REASONING_MARK_MAX 32

typedef struct app_reasoning {
    app_part_sink sink;
    void *user;
    int kind;        /* of the reasoning that is open: row of the table of marks; -1: none */
    bool has_answer; /* something of the answer was written */
    size_t n_held;
    char held[APP_REASONING_MARK_MAX]; /* the beginning of what may become a mark */
    app_part part;                     /* of ready */
    lnr_buf ready;                     /* owned; on its way to the sink */
} app_reasoning;

/* prompt: what the answer goes on from; some templates open the reasoning at its end. */
void app_reasoning_init(app_reasoning *r, lnr_str prompt, app_part_sink sink, void *user);
void app_reasoning_deinit(app_reasoning *r);
void app_reasoning_add(app_reasoning *r, lnr_str text);
void app_reasoning_end(app_reasoning *r);          /* gives out what is held back */
bool app_reasoning_failed(const app_reasoning *r); /* memory ran short: something is missing */

/* Whether token, a control token that is not part of the text, belongs to a mark and should be
 * added all the same. */
bool app_reasoning_wants(lnr_str token);

#endif
