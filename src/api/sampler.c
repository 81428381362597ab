/* include/lanner/sampler.h */
#include <lanner/sampler.h>

#include "sample/options.h"

void lnr_sampler_defaults(lnr_sampler_options *o) {
    sampler_options_defaults(o);
}

lnr_status lnr_sampler_check(const lnr_sampler_options *o, lnr_error *err) {
    lnr_sampler_options known;
    LNR_TRY(sampler_options_take(o, &known, err));
    return sampler_options_check(&known, err);
}

const char *const *lnr_sampler_names(void) {
    return sample_step_names();
}
