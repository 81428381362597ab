/* Figures of a running engine: counted by the owner, published after each step for any thread. */
#ifndef LNR_ENGINE_STATS_H
#define LNR_ENGINE_STATS_H

#include "os/os.h"

#include <lanner/engine.h>

typedef struct engine_stats {
    lnr_engine_stats now;       /* the owner's */
    os_mutex *lock;             /* owned; guards: */
    lnr_engine_stats published; /* as of the last step */
} engine_stats;

lnr_status stats_init(engine_stats *s, lnr_error *err);
void stats_deinit(engine_stats *s);

/* Owner: a step took ns; answers: somebody's next token was in it. */
void stats_add_step(engine_stats *s, uint64_t ns, bool answers);
void stats_publish(engine_stats *s);
void stats_get(engine_stats *s, lnr_engine_stats *out); /* any thread */

/* The upper end of a bucket of the histograms, in microseconds. */
uint64_t stats_bucket_us(uint32_t bucket);

#endif
