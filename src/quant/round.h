/* Rounding for encoders: to nearest even by the addition that pushes the fraction out of a float.
 */
#ifndef LNR_QUANT_ROUND_H
#define LNR_QUANT_ROUND_H

/* v rounded and clamped to lo..hi, whole numbers below 2^22 in magnitude; NaN gives lo. Without
 * branches, so that loops over it become vectors. */
static inline float quant_nearest(float v, float lo, float hi) {
    v = v > lo ? v : lo;
    v = v < hi ? v : hi;
    return (v + 12582912.0f) - 12582912.0f; /* 1.5 * 2^23: the sum's last bit is 1 */
}

static inline int quant_round(float v, int lo, int hi) {
    return (int)quant_nearest(v, (float)lo, (float)hi);
}

#endif
