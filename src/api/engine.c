/* include/lanner/engine.h */
#include <lanner/engine.h>

#include "api/take_options.h"
#include "engine/engine.h"
#include "engine/stats.h"

lnr_status lnr_engine_create(lnr_model *m, const lnr_engine_options *opts, lnr_engine **out,
                             lnr_error *err) {
    *out = NULL;
    lnr_engine_options o;
    LNR_TRY(api_take_options(opts, &o, sizeof o, "lnr_engine_options", err));
    return engine_create(m, &o, out, err);
}

void lnr_engine_destroy(lnr_engine *e) {
    engine_destroy(e);
}

void lnr_engine_get_info(const lnr_engine *e, lnr_engine_info *out) {
    engine_get_info(e, out);
}

void lnr_engine_get_counters(const lnr_engine *e, lnr_engine_counters *out) {
    engine_get_counters(e, out);
}

uint32_t lnr_engine_worker_panels(const lnr_engine *e, uint64_t *panels, uint32_t n_max) {
    return engine_worker_panels(e, panels, n_max);
}

const char *lnr_finish_name(lnr_finish f) {
    static const char *const names[] = {
        [LNR_FINISH_END] = "eos",         [LNR_FINISH_LENGTH] = "length",
        [LNR_FINISH_CONTEXT] = "context", [LNR_FINISH_CANCELLED] = "cancel",
        [LNR_FINISH_STOP] = "stop",       [LNR_FINISH_ERROR] = "error",
        [LNR_FINISH_TIME] = "time"};
    return (size_t)f < sizeof names / sizeof names[0] ? names[f] : "unknown";
}

const char *lnr_miss_name(lnr_miss m) {
    static const char *const names[] = {[LNR_MISS_NONE] = "none",
                                        [LNR_MISS_NEW] = "new",
                                        [LNR_MISS_EDITED] = "edited",
                                        [LNR_MISS_EVICTED] = "evicted",
                                        [LNR_MISS_OFF] = "off"};
    return (size_t)m < sizeof names / sizeof names[0] ? names[m] : "unknown";
}

lnr_status lnr_engine_submit(lnr_engine *e, const lnr_request_options *opts, lnr_request **out,
                             lnr_error *err) {
    *out = NULL;
    lnr_request_options o;
    LNR_TRY(api_take_options(opts, &o, sizeof o, "lnr_request_options", err));
    return engine_submit(e, &o, out, err);
}

void lnr_request_cancel(lnr_request *r) {
    request_cancel(r);
}

bool lnr_request_next(lnr_request *r, lnr_event *out) {
    return request_next(r, out);
}

void lnr_request_release(lnr_request *r) {
    if (r == NULL)
        return;
    lnr_request_cancel(r);
    request_unref(r);
}

lnr_status lnr_engine_step(lnr_engine *e, bool *active, lnr_error *err) {
    return engine_step(e, active, err);
}

void lnr_engine_wait(lnr_engine *e) {
    engine_wait(e);
}

void lnr_engine_get_stats(lnr_engine *e, lnr_engine_stats *out) {
    engine_get_stats(e, out);
}

uint64_t lnr_stats_bucket_us(uint32_t bucket) {
    return stats_bucket_us(bucket);
}
