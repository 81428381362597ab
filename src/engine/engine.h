/* The engine: turns requests into steps of the model.
 *
 * The owner thread calls engine_step in a loop. A step admits waiting requests, packs the next
 * tokens of the running ones (the token sampled last, or a piece of a prompt) into one micro-batch,
 * computes it and samples. submit and cancel come from any thread; they only touch the queue, a
 * flag and a bell. state.h shows how a request moves through the files of this folder. */
#ifndef LNR_ENGINE_ENGINE_H
#define LNR_ENGINE_ENGINE_H

#include "engine/request.h"
#include "model/model.h"

#define ENGINE_SESSIONS_MAX   256u
#define ENGINE_GUESSES_MAX    256u
#define ENGINE_CTX_DEFAULT    4096u
#define ENGINE_UBATCH_DEFAULT 128u
#define ENGINE_UBATCH_MAX     4096u

lnr_status engine_create(lnr_model *m, const lnr_engine_options *o, lnr_engine **out,
                         lnr_error *err);
void engine_destroy(lnr_engine *e);
void engine_get_info(const lnr_engine *e, lnr_engine_info *out);
void engine_get_counters(const lnr_engine *e, lnr_engine_counters *out);
uint32_t engine_worker_panels(const lnr_engine *e, uint64_t *panels, uint32_t n_max);
lnr_status engine_submit(lnr_engine *e, const lnr_request_options *o, lnr_request **out,
                         lnr_error *err);
void engine_get_stats(lnr_engine *e, lnr_engine_stats *out);
lnr_status engine_step(lnr_engine *e, bool *active, lnr_error *err);
void engine_wait(lnr_engine *e);

#endif
