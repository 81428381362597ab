/* The tools behind include/lanner/quantize.h; api/quantize.c hands them options that are complete.
 */
#ifndef LNR_TOOLS_TOOLS_H
#define LNR_TOOLS_TOOLS_H

#include "base/fail.h"

#include <lanner/quantize.h>

/* n_threads is at least 1 in every options struct. */
lnr_status tools_quantize(const char *in, const char *out, const char *mix,
                          const lnr_quantize_options *o, lnr_error *err);
lnr_status tools_imatrix(lnr_model *m, const char *text, size_t n, const lnr_imatrix_options *o,
                         const char *out, lnr_imatrix_info *info, lnr_error *err);
lnr_status tools_synth(const char *shape, const char *mix, const char *out,
                       const lnr_synth_options *o, lnr_error *err);
bool tools_synth_shape(size_t idx, const char *mix, lnr_synth_info *out);

#endif
