/* Operations on a row of logits, the specification: what each block of 64 holds. */
#include "base/math.h"
#include "kernels/kernels.h"

#include <float.h>
#include <math.h>

static size_t block_length(size_t n) {
    return n < LNR_LOGIT_BLOCK ? n : LNR_LOGIT_BLOCK;
}

static float fold(float p[16]) {
    for (int half = 8; half > 0; half /= 2)
        for (int j = 0; j < half; j++)
            p[j] += p[j + half];
    return p[0];
}

bool lnr_block_max_f32_f32_1x1_scalar(const float *x, size_t n, float *max) {
    bool good = true;
    for (; n > 0; x += block_length(n), n -= block_length(n)) {
        float m = -INFINITY;
        for (size_t i = 0; i < block_length(n); i++) {
            m = x[i] > m ? x[i] : m;
            good = good && x[i] <= FLT_MAX;
        }
        *max++ = m + 0.0f;
    }
    return good;
}

void lnr_block_moments_f32_f32_1x1_scalar(const float *x, size_t n, float *sum, float *squares) {
    for (; n > 0; x += block_length(n), n -= block_length(n)) {
        float p[16] = {0}, q[16] = {0};
        for (size_t i = 0; i < block_length(n); i++) {
            p[i % 16] += x[i];
            q[i % 16] = fmaf(x[i], x[i], q[i % 16]);
        }
        *sum++ = fold(p);
        *squares++ = fold(q);
    }
}

void lnr_block_exp_f32_f32_1x1_scalar(const float *x, size_t n, float shift, float scale,
                                      float *sum) {
    for (; n > 0; x += block_length(n), n -= block_length(n)) {
        float p[16] = {0};
        for (size_t i = 0; i < block_length(n); i++)
            p[i % 16] += lnr_expf((x[i] - shift) * scale);
        *sum++ = fold(p);
    }
}
