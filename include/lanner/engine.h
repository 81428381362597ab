/* The engine: runs requests on a model, step by step.
 *
 * Requests are submitted and cancelled from any thread; one thread, the owner, calls
 * lnr_engine_step in a loop. Tokens leave through a ring per request, read by one consumer thread
 * of the caller's choice (it may be the owner). Results do not depend on threads, micro-batch size
 * or what else runs. */
#ifndef LANNER_ENGINE_H
#define LANNER_ENGINE_H

#include <lanner/model.h>
#include <lanner/sampler.h>
#include <lanner/tokenizer.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lnr_engine lnr_engine;
typedef struct lnr_request lnr_request;

typedef struct lnr_engine_options {
    size_t struct_size;  /* sizeof(lnr_engine_options) */
    uint32_t n_ctx;      /* tokens a request may hold, prompt and answer together, promised to each;
                            0: the model's training length, at most 4096 */
    uint32_t n_ubatch;   /* tokens computed at once, 1 to 4096; 0: 128 */
    uint32_t n_threads;  /* 0: one per CPU granted to this process */
    uint32_t n_sessions; /* requests that run at the same time, 1 to 256; 0: 1 */
    uint32_t n_queue;    /* requests that may wait beside them, at most 65536; 0: 64 */
    uint64_t kv_budget_bytes; /* of KV memory at most; at least one context must fit. What running
                                 requests do not need keeps the KV of ended ones for reuse.
                                 0: n_ctx tokens for each session */
    uint32_t max_stall_ms; /* a prompt delays the next token of others by no more, where one token
                              does not take longer already; 0: 150 */
    /* Start a request when there is KV room for its prompt, not for its longest answer as well:
     * more run at once. If room runs out, the newest of the lowest priority goes back to the queue,
     * keeps its tokens and goes on later. */
    bool overcommit;
    /* Tokens that a step may try ahead, of all its requests together: what followed the same few
     * tokens before. Never changes an answer; saves steps where texts repeat themselves, and stops
     * trying where they do not. Takes a row of logits each. At most 256; 0: none. */
    uint32_t n_guesses;
    const char *kv_type_k, *kv_type_v; /* in which keys and values are kept: "F16", "Q8_0" or
                                          "F32"; NULL: F16 */
} lnr_engine_options;

typedef struct lnr_engine_info {
    uint32_t n_ctx, n_ubatch, n_threads; /* in effect */
    uint64_t kv_bytes, scratch_bytes;
    uint32_t n_sessions; /* in effect */
} lnr_engine_info;

/* LNR_E_ARGUMENT (an option out of range), LNR_E_NOMEM. The engine keeps a reference to the model.
 */
LNR_API LNR_NODISCARD lnr_status lnr_engine_create(lnr_model *m, const lnr_engine_options *opts,
                                                   lnr_engine **out, lnr_error *err);
/* Every request must have been released. NULL allowed. Owner thread. */
LNR_API void lnr_engine_destroy(lnr_engine *e);
LNR_API void lnr_engine_get_info(const lnr_engine *e, lnr_engine_info *out);

/* What the steps read and computed since creation. Vectors and activations are not counted. */
typedef struct lnr_engine_counters {
    uint64_t n_steps, n_tokens; /* tokens: of prompts and sampled ones */
    uint64_t weight_bytes; /* of weight matrices, once a step; of an embedding one row per token */
    uint64_t kv_bytes;     /* of K and V read by attention */
    uint64_t int8_macs;    /* multiply-adds of products with quantised weights */
    uint64_t f32_macs;     /* of products with float weights, and of attention */
} lnr_engine_counters;

/* Owner thread, between steps. */
LNR_API void lnr_engine_get_counters(const lnr_engine *e, lnr_engine_counters *out);

/* Weight panels each worker computed since creation, n_threads figures; returns n_threads. Owner
 * thread, between steps. */
LNR_API uint32_t lnr_engine_worker_panels(const lnr_engine *e, uint64_t *panels, uint32_t n_max);

#define LNR_TOP_LOGPROBS_MAX 20

typedef struct lnr_request_options {
    size_t struct_size;    /* sizeof(lnr_request_options) */
    const int32_t *tokens; /* the prompt, at least one; copied */
    size_t n_tokens;
    uint32_t max_tokens; /* to generate at most; 0: as many as the context holds */
    uint32_t min_tokens; /* the model's end-of-text tokens are not chosen before so many others */
    bool ignore_end;     /* an end-of-text token is a token like others: given out, then more */
    bool hash_logits;    /* compute the logits hash */
    bool logprobs;       /* TOKEN events carry logprob and top */
    uint32_t n_top_logprobs; /* 0 to LNR_TOP_LOGPROBS_MAX; above 0 needs logprobs */
    const char *const *stop; /* (n_stop): the answer ends where its text has one of these; bytes,
                                not empty. The text is that of lnr_detokenizer without special
                                tokens; cut it with lnr_stop (tokenizer.h). Copied */
    size_t n_stop;           /* at most LNR_STOPS_MAX, of LNR_STOP_BYTES_MAX each */
    lnr_sampler_options sampler;
    void (*on_ready)(
        void *user);  /* called by the owner thread when events wait, also just after DONE
                         became readable; must not block or call lanner; may be NULL */
    void *user;       /* must stay valid as long as the engine */
    int32_t priority; /* higher goes first and may take the place of a lower one, which goes on
                         later; equals go in the order they came */
    uint32_t time_limit_ms; /* from submitting; then it ends as it is. 0: none */
    bool prompt_logprobs;   /* PROMPT events come first; needs logprobs. Nothing of the prompt is
                               reused then, and a step takes fewer of its tokens: a row of logits
                               each, see n_guesses */
    void (*mask)(const int32_t *answer, size_t n_answer, uint8_t *allowed, size_t n_vocab,
                 void *user); /* may set allowed[id] (all 1 at first) to 0 before a token is chosen
                                 after `answer`: that token is not. Owner thread; must not call
                                 lanner; user as for on_ready. NULL: none */
    bool no_reuse; /* compute all of the prompt, and leave nothing of it to later requests */
} lnr_request_options;

typedef enum lnr_event_kind {
    LNR_EVENT_TOKEN,
    LNR_EVENT_DONE,
    LNR_EVENT_PROMPT /* a token of the prompt, all but the first in turn, as TOKEN is one of the
                        answer; only with prompt_logprobs */
} lnr_event_kind;
typedef enum lnr_finish {
    LNR_FINISH_END,       /* the model ended its text */
    LNR_FINISH_LENGTH,    /* max_tokens reached */
    LNR_FINISH_CONTEXT,   /* the context is full */
    LNR_FINISH_STOP,      /* a stop string: stop_idx says which */
    LNR_FINISH_CANCELLED, /* by lnr_request_cancel */
    LNR_FINISH_ERROR,     /* see error */
    LNR_FINISH_TIME       /* time_limit_ms is over */
} lnr_finish;
#define LNR_N_FINISHES 7

/* Natural logarithm of the probability that the model gives a token: of the logits as the model
 * computed them, over the whole vocabulary, before bias, penalties, temperature and truncation, so
 * that it does not depend on the sampler. */
typedef struct lnr_logprob {
    int32_t token;
    float logprob;
} lnr_logprob;

/* "eos", "length", "context", "stop", "cancel", "error", "time" */
LNR_API const char *lnr_finish_name(lnr_finish f);

/* Why no more of a prompt was reused. */
typedef enum lnr_miss {
    LNR_MISS_NONE,    /* all was there, but for the last token, which is always computed */
    LNR_MISS_NEW,     /* nothing that is cached goes on from there */
    LNR_MISS_EDITED,  /* what is cached goes on with another token */
    LNR_MISS_EVICTED, /* it was there, but its memory was needed */
    LNR_MISS_OFF      /* the request has no_reuse or prompt_logprobs */
} lnr_miss;

/* "none", "new", "edited", "evicted", "off" */
LNR_API const char *lnr_miss_name(lnr_miss m);

typedef struct lnr_event {
    lnr_event_kind kind;
    int32_t token;  /* TOKEN: its id. The token that ended the text is not an event. */
    float logprob;  /* TOKEN, if asked for: of token */
    uint32_t n_top; /* TOKEN: how many follow in top; n_top_logprobs, or all that are possible */
    lnr_logprob top[LNR_TOP_LOGPROBS_MAX]; /* the most probable first; ties: the lower id first */
    /* DONE: */
    lnr_finish finish;
    uint32_t stop_idx;      /* if finish is LNR_FINISH_STOP: index into stop */
    lnr_error error;        /* if finish is LNR_FINISH_ERROR */
    uint32_t n_prompt;      /* tokens of the prompt */
    uint32_t n_generated;   /* tokens sampled, the ending one included */
    uint64_t queue_ns;      /* from submit to the first step */
    uint64_t prompt_ns;     /* from the first step to the first sampled token */
    uint64_t generation_ns; /* from there to the last sampled token: n_generated - 1 steps */
    uint64_t logits_hash;   /* FNV-1a 64 over the f32 bits of each row of logits sampled from */
    uint32_t n_reused;      /* tokens of the prompt that were not computed for this request */
    uint32_t n_same;        /* tokens from its start that agree with what was cached: the first that
                               does not has this index */
    lnr_miss miss;          /* why no more */
    uint32_t n_computed;    /* tokens computed: prompt, answer, and what had to be repeated */
    uint32_t n_preempted;   /* how often it was sent back to the queue */
} lnr_event;

/* Queues a request. out: one reference, yours, dropped with lnr_request_release. Threads: any.
 * LNR_E_ARGUMENT (a token id or option out of range), LNR_E_LIMIT (the prompt does not fit the
 * context; the line names both numbers), LNR_E_BUSY (the queue is full), LNR_E_NOMEM. */
LNR_API LNR_NODISCARD lnr_status lnr_engine_submit(lnr_engine *e, const lnr_request_options *opts,
                                                   lnr_request **out, lnr_error *err);
/* Asks for an early end, honoured within one micro-batch; a DONE event follows. Threads: any. */
LNR_API void lnr_request_cancel(lnr_request *r);
/* The next event, if there is one. After DONE there is none. One consumer thread per request. */
LNR_API bool lnr_request_next(lnr_request *r, lnr_event *out);
/* Cancels too if the request still runs. NULL allowed. Threads: any, once. */
LNR_API void lnr_request_release(lnr_request *r);

/* Computes one micro-batch for what is waiting. With a thread for every CPU the calling thread is
 * pinned to one of them until the engine is destroyed. *active tells whether there is more to do at
 * once; false: all requests are done, or wait for their consumer to read. A request's failure is
 * its own DONE event, never a failure here. Owner thread. */
LNR_API LNR_NODISCARD lnr_status lnr_engine_step(lnr_engine *e, bool *active, lnr_error *err);

/* Sleeps until there may be something new to do since the last step (a request, a cancellation, a
 * consumer that read), at most about a second. Owner thread. */
LNR_API void lnr_engine_wait(lnr_engine *e);

#define LNR_STATS_BUCKETS 72

typedef struct lnr_engine_stats {
    uint32_t n_waiting, n_running;                /* requests now */
    uint32_t n_kv_blocks;                         /* of 64 tokens each, in all */
    uint32_t n_kv_held, n_kv_shared, n_kv_cached; /* by running requests; of these, by several; kept
                                                     for reuse. The rest is free */
    uint32_t stall_bound_ms; /* that can be kept: max_stall_ms, or what the smallest step takes */
    /* Since creation: */
    uint64_t n_finished[LNR_N_FINISHES]; /* requests, by lnr_finish */
    uint64_t n_preempted;
    uint64_t n_computed_prompt, n_computed_answer; /* tokens; what was repeated counts again */
    uint64_t n_reused;                             /* prompt tokens found in the cache */
    uint64_t n_generated;                          /* tokens sampled */
    uint64_t n_guessed, n_guessed_right;           /* tokens tried ahead */
    uint64_t n_steps;
    uint64_t step_time[LNR_STATS_BUCKETS];  /* steps by time; see lnr_stats_bucket_us */
    uint64_t stall_time[LNR_STATS_BUCKETS]; /* of these, steps that somebody's next token was in */
} lnr_engine_stats;

/* As of the last step. Threads: any. */
LNR_API void lnr_engine_get_stats(lnr_engine *e, lnr_engine_stats *out);
/* A bucket's upper end in microseconds; the last one has none. */
LNR_API uint64_t lnr_stats_bucket_us(uint32_t bucket);

#ifdef __cplusplus
}
#endif
#endif
