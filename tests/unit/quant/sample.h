/* Data for the tests of block formats: repeatable numbers of several shapes, and error measures. */
#ifndef TESTS_UNIT_QUANT_SAMPLE_H
#define TESTS_UNIT_QUANT_SAMPLE_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>

static inline uint32_t sample_bits(uint64_t *state) { /* Knuth's MMIX constants */
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*state >> 32);
}

static inline double sample_uniform(uint64_t *state) { /* 0..1 */
    return ((double)sample_bits(state) + 0.5) / 4294967296.0;
}

/* shape 0: normal, as weights are; 1: uniform; 2: normal with rare values ten times as large;
 * 3: normal around 0.7, so that no value needs to be negative; 4: Laplace */
static inline void sample_fill(uint64_t seed, int shape, float *x, size_t n) {
    for (size_t i = 0; i < n; i++) {
        double u = sample_uniform(&seed), v = sample_uniform(&seed);
        double normal = sqrt(-2.0 * log(u)) * cos(6.283185307179586 * v), value = normal;
        if (shape == 1)
            value = 2.0 * u - 1.0;
        else if (shape == 2)
            value = sample_bits(&seed) % 100 == 0 ? 10.0 * normal : normal;
        else if (shape == 3)
            value = 0.7 + 0.2 * normal;
        else if (shape == 4)
            value = log(u) * (v < 0.5 ? 1.0 : -1.0);
        x[i] = (float)(0.05 * value);
    }
}

enum { SAMPLE_SHAPES = 5 };

/* Root of the mean squared difference, relative to the root of the mean square of x. */
static inline double relative_error(const float *x, const float *y, size_t n) {
    double error = 0.0, square = 0.0;
    for (size_t i = 0; i < n; i++) {
        error += ((double)y[i] - (double)x[i]) * ((double)y[i] - (double)x[i]);
        square += (double)x[i] * (double)x[i];
    }
    return sqrt(error / square);
}

#endif
