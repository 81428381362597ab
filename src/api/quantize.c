/* include/lanner/quantize.h: options completed, then src/tools. */
#include <lanner/quantize.h>

#include "api/take_options.h"
#include "backend/cpu/cpu.h"
#include "tools/mix.h"
#include "tools/tools.h"

static uint32_t threads_or_default(uint32_t n_threads) {
    return n_threads ? n_threads : cpu_default_threads();
}

const char *const *lnr_quantize_mixes(void) {
    static const char *const names[] = {
#define X(name, type, file_type) #name,
        MIX_LIST(X)
#undef X
            NULL};
    return names;
}

lnr_status lnr_quantize(const char *in, const char *out, const char *mix,
                        const lnr_quantize_options *opts, lnr_error *err) {
    lnr_quantize_options o;
    LNR_TRY(api_take_options(opts, &o, sizeof o, "lnr_quantize_options", err));
    o.n_threads = threads_or_default(o.n_threads);
    return tools_quantize(in, out, mix, &o, err);
}

lnr_status lnr_imatrix(lnr_model *m, const char *text, size_t n, const lnr_imatrix_options *opts,
                       const char *out, lnr_imatrix_info *info, lnr_error *err) {
    lnr_imatrix_options o;
    LNR_TRY(api_take_options(opts, &o, sizeof o, "lnr_imatrix_options", err));
    o.n_threads = threads_or_default(o.n_threads);
    return tools_imatrix(m, text, n, &o, out, info, err);
}

bool lnr_synth_shape(size_t idx, const char *mix, lnr_synth_info *out) {
    return tools_synth_shape(idx, mix, out);
}

lnr_status lnr_synth(const char *shape, const char *mix, const char *out,
                     const lnr_synth_options *opts, lnr_error *err) {
    lnr_synth_options o;
    LNR_TRY(api_take_options(opts, &o, sizeof o, "lnr_synth_options", err));
    o.n_threads = threads_or_default(o.n_threads);
    return tools_synth(shape, mix, out, &o, err);
}
