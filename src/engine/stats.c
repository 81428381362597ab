/* See stats.h. Histograms have four buckets per doubling: fine enough to see a bound missed by 20
 * per cent. */
#include "engine/stats.h"

#define FIRST_US 64u /* upper end of bucket 0 */

lnr_status stats_init(engine_stats *s, lnr_error *err) {
    *s = (engine_stats){.lock = os_mutex_create()};
    return s->lock ? LNR_OK : LNR_FAIL(err, LNR_E_NOMEM, "no memory for the engine's figures");
}

void stats_deinit(engine_stats *s) {
    os_mutex_destroy(s->lock);
    s->lock = NULL;
}

uint64_t stats_bucket_us(uint32_t bucket) {
    uint64_t octave = (uint64_t)FIRST_US << (bucket / 4);
    return octave + octave / 4 * (bucket % 4);
}

static uint32_t bucket_of(uint64_t ns) {
    uint32_t i = 0;
    while (i + 1 < LNR_STATS_BUCKETS && ns > stats_bucket_us(i) * 1000)
        i++;
    return i;
}

void stats_add_step(engine_stats *s, uint64_t ns, bool answers) {
    uint32_t bucket = bucket_of(ns);
    s->now.n_steps++;
    s->now.step_time[bucket]++;
    if (answers)
        s->now.stall_time[bucket]++;
}

void stats_publish(engine_stats *s) {
    os_mutex_lock(s->lock);
    s->published = s->now;
    os_mutex_unlock(s->lock);
}

void stats_get(engine_stats *s, lnr_engine_stats *out) {
    os_mutex_lock(s->lock);
    *out = s->published;
    os_mutex_unlock(s->lock);
}
