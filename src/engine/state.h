/* What the files of this folder share: the engine's state and the ways a request moves through it.
 *
 *   submit -> queue -> [admission.c] -> active -> [scheduler.c] a step's batch -> [engine.c]
 * computed
 *          -> [sampling.c] one more token, or the end
 *
 * An active request may be sent back to the queue (preemption); it keeps its tokens and later goes
 * on where it was. Everything here belongs to the owner thread, but for queue and bell. */
#ifndef LNR_ENGINE_STATE_H
#define LNR_ENGINE_STATE_H

#include "engine/choice.h"
#include "engine/cost.h"
#include "engine/queue.h"
#include "engine/stats.h"
#include "model/model.h"

/* A request's share of a step. */
typedef struct batch_part {
    lnr_request *request;
    uint32_t n_tokens;
    uint32_t first_row, n_rows; /* of the step's logits */
    uint32_t n_scores;          /* the first so many rows tell of the prompt's next token */
    uint32_t n_guesses;         /* the last so many tokens are guessed */
} batch_part;

typedef struct engine_batch {
    lnr_step step;
    batch_part *part; /* (n_sessions); part i is sequence i of the step. owned */
    uint32_t n_parts;
    lnr_request **prompt;     /* (n_sessions): those whose prompt is to go on. owned */
    uint32_t n_prompt_tokens; /* of step.n_tokens: those that are not the last of their request */
    uint32_t n_guesses;       /* of step.n_tokens */

    /* arrays of the step; owned */
    int32_t *token;             /* (n_ubatch) */
    uint32_t *pos, *seq;        /* (n_ubatch) */
    float *rope_cos, *rope_sin; /* (n_rope_sets, n_ubatch, n_rot / 2) */
    const uint32_t **block;     /* (n_sessions) */
    uint32_t *out;              /* (n_rows_max) */
} engine_batch;

struct lnr_engine {
    lnr_model *model; /* shared reference */
    lnr_pass *pass;   /* owned: scratch, KV memory, workers */
    choice_engine choice;
    kv_pool kv;
    uint32_t n_ctx, n_ubatch, n_threads, n_sessions, n_rows_max, n_guesses_max, max_stall_ms;
    lnr_type kv_type_k, kv_type_v;
    bool overcommit;

    request_queue queue;
    engine_bell bell;
    uint32_t bell_heard; /* rings before the last step looked around */

    lnr_request **active; /* (n_sessions): the one that goes first, first. Each holds the engine's
                             reference. owned */
    uint32_t n_active;
    engine_batch batch;
    step_cost cost;
    guess_gain gain;
    engine_stats stats;
};

/* ---- engine.c */

/* Ends a request that is active or was just taken from the queue: its blocks go back, its consumer
 * gets DONE, the engine's reference is dropped. */
void engine_end(lnr_engine *e, lnr_request *r, lnr_finish why, const lnr_error *error);

/* ---- admission.c */

/* Fills free places from the queue; a request of higher priority takes one from a lower one. */
void admission_run(lnr_engine *e);

/* Takes what the request that r follows has computed by now; r goes on waiting (r->leader) while
 * there is more to come. */
void admission_follow(lnr_engine *e, lnr_request *r);

/* Sends the active request that goes last back to the queue. */
void admission_preempt_last(lnr_engine *e);

/* ---- scheduler.c */

lnr_status batch_init(engine_batch *b, const lnr_engine *e, lnr_error *err);
void batch_deinit(engine_batch *b);

/* Builds e->batch from the active requests. */
void scheduler_build(lnr_engine *e);

/* ---- sampling.c */

/* What a row of logits says of the prompt's token that follows it. False: r has ended. */
bool sampling_score_row(lnr_engine *e, lnr_request *r, const float *logits);

/* r's next token from a row of logits. Ends r if it was the last: false. */
bool sampling_take_row(lnr_engine *e, lnr_request *r, const float *logits);

#endif
