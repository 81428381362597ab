/* Rounding for encoders: to nearest even by the addition that pushes the fraction out of a float.
 */
#ifndef LNR_QUANT_ROUND_H
#define LNR_QUANT_ROUND_H

/* v rounded and clamped to lo..hi, both below 2^22 in magnitude; NaN gives lo. */
static inline int quant_round(float v, int lo, int hi) {
    if (!(v > (float)lo))
        return lo;
    if (v >= (float)hi)
        return hi;
    return (int)((v + 12582912.0f) - 12582912.0f); /* 1.5 * 2^23: the sum's last bit is 1 */
}

#endif
