/* include/lanner/sampler.h */
#include <lanner/sampler.h>

#include "api/take_options.h"
#include "sample/sampler.h"

void lnr_sampler_defaults(lnr_sampler_options *o) {
    *o = (lnr_sampler_options){
        .struct_size = sizeof *o, .temperature = 0.8f, .top_k = 40, .top_p = 0.95f, .min_p = 0.05f};
}

lnr_status lnr_sampler_check(const lnr_sampler_options *o, lnr_error *err) {
    lnr_sampler_options known;
    LNR_TRY(api_take_options(o, &known, sizeof known, "lnr_sampler_options", err));
    return sampler_options_check(&known, err);
}
