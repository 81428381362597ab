/* See stop.h. */
#include "text/stop.h"

#include "base/alloc.h"

static void fill_fail(stop_pattern *p) {
    size_t k = 0;
    p->fail[0] = 0;
    for (size_t i = 1; i < p->text.n; i++) {
        while (k > 0 && p->text.p[i] != p->text.p[k])
            k = p->fail[k - 1];
        k += p->text.p[i] == p->text.p[k];
        p->fail[i] = (uint16_t)k;
    }
}

lnr_status stop_matcher_init(stop_matcher *m, const char *const *text, size_t n, const char *name,
                             lnr_error *err) {
    size_t total = 0; /* at most LNR_STOPS_MAX * LNR_STOP_BYTES_MAX */
    *m = (stop_matcher){0};
    if (n > LNR_STOPS_MAX)
        return LNR_FAIL(err, LNR_E_ARGUMENT, "%s: %zu strings, 0 to %d allowed", name, n,
                        LNR_STOPS_MAX);
    for (size_t i = 0; i < n; i++) {
        size_t n_bytes = strlen(text[i]);
        if (n_bytes == 0 || n_bytes > LNR_STOP_BYTES_MAX)
            return LNR_FAIL(err, LNR_E_ARGUMENT, "%s: string %zu has %zu bytes, 1 to %d allowed",
                            name, i, n_bytes, LNR_STOP_BYTES_MAX);
        total += n_bytes;
    }
    m->pattern = lnr_alloc_array(n, sizeof *m->pattern);
    m->bytes = lnr_alloc(total);
    m->fails = lnr_alloc_array(total, sizeof *m->fails);
    if (!m->pattern || !m->bytes || !m->fails) {
        stop_matcher_deinit(m);
        return LNR_FAIL(err, LNR_E_NOMEM, "%s: no memory for %zu strings", name, n);
    }
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        size_t n_bytes = strlen(text[i]);
        memcpy(m->bytes + at, text[i], n_bytes);
        m->pattern[i] = (stop_pattern){{m->bytes + at, n_bytes}, m->fails + at, 0};
        fill_fail(&m->pattern[i]);
        at += n_bytes;
    }
    m->n = n;
    return LNR_OK;
}

void stop_matcher_deinit(stop_matcher *m) {
    lnr_free(m->pattern);
    lnr_free(m->bytes);
    lnr_free(m->fails);
    *m = (stop_matcher){0};
}

int stop_matcher_feed(stop_matcher *m, char byte) {
    int found = -1;
    for (size_t i = 0; i < m->n; i++) {
        stop_pattern *p = &m->pattern[i];
        size_t k = p->state == p->text.n ? p->fail[p->text.n - 1] : p->state;
        while (k > 0 && p->text.p[k] != byte)
            k = p->fail[k - 1];
        k += p->text.p[k] == byte;
        p->state = (uint32_t)k;
        if (k == p->text.n && (found < 0 || k > m->pattern[found].text.n))
            found = (int)i;
    }
    return found;
}

size_t stop_matcher_held(const stop_matcher *m) {
    size_t held = 0;
    for (size_t i = 0; i < m->n; i++)
        held = m->pattern[i].state > held ? m->pattern[i].state : held;
    return held;
}

void stop_matcher_reset(stop_matcher *m) {
    for (size_t i = 0; i < m->n; i++)
        m->pattern[i].state = 0;
}
