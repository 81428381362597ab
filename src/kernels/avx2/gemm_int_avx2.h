/* The skeleton of the integer products on AVX2 and AVX-VNNI; each format's file includes it once,
 * after it has said how its panels unpack. The idea is that of gemm_int_avx512vnni.h with 8 rows
 * per vector: a panel is two halves. Without VNNI a product is vpmaddubsw into 16-bit pairs, and
 * the format says how many k-groups may be added up in 16 bits before a scale widens them, with the
 * proof; with VNNI vpdpbusd adds up in 32 bits.
 *
 * The format's file defines
 *   weights, acts              the panel block and the activation block
 *   N_SUB, N_GROUP             sub-blocks of a block and k-groups (4 k) of a sub-block
 *   N_WAY                      sub-blocks that one step of unpacking yields; divides N_SUB
 *   SPAN                       k-groups added up before a scale; divides N_GROUP
 *   header                     for 8 rows: scales and whatever else finish needs, in vectors
 *   unpack_header(w, half)
 *   unpack_quants(w, half, set, g, v)  v[i] = k-group g of sub-block N_WAY * set + i
 *   dot(sum, v, x)             sum + v * x, in 16 or in 32 bits
 *   scaled(total, sum, h, j)   total + scale of sub-block j * what sum holds of each row, exact
 *   finish(h, x, total, acc)   the block's contribution to the float accumulator
 *   GEMM_NAME                  the kernel */
#include "kernels/inline.h"

#include <immintrin.h>

/* TILE tokens: 2 halves x 3 sums and totals are 12 of the 16 registers. COLS tokens per unpacking.
 */
enum { TILE = 3, COLS = 96 };

typedef struct unpacked {
    __m256i q[N_SUB * N_GROUP][2];
    header h[2];
} unpacked;

LNR_INLINE const acts *token(const lnr_gemm_args *a, size_t c, size_t block) {
    return (const acts *)(const void *)((const char *)a->x + c * a->x_stride) + block;
}

static void unpack(const weights *w, unpacked *u) {
    for (int half = 0; half < 2; half++) {
        u->h[half] = unpack_header(w, half);
        for (int set = 0; set < N_SUB / N_WAY; set++)
            for (int g = 0; g < N_GROUP; g++) {
                __m256i v[N_WAY];
                unpack_quants(w, half, set, g, v);
                LNR_EACH(i, N_WAY) {
                    u->q[(set * N_WAY + i) * N_GROUP + g][half] = v[i];
                }
            }
    }
}

/* One unpacked block times n_cols (1 to TILE) tokens from c on, added to acc[token][16 rows]. */
LNR_INLINE void tile(const lnr_gemm_args *a, const unpacked *u, size_t block, size_t c, int n_cols,
                     float (*acc)[16]) {
    const acts *x[TILE];
    __m256i total[TILE][2];
    LNR_EACH(t, n_cols) {
        x[t] = token(a, c + (size_t)t, block);
        total[t][0] = total[t][1] = _mm256_setzero_si256();
    }
    for (int k = 0; k < N_SUB * N_GROUP; k += SPAN) {
        __m256i sum[TILE][2];
        LNR_EACH(t, n_cols) {
            sum[t][0] = sum[t][1] = _mm256_setzero_si256();
        }
        LNR_UNROLL for (int g = k; g < k + SPAN; g++) {
            LNR_EACH(t, n_cols) {
                __m256i xk = _mm256_set1_epi32(lnr_dword(x[t]->q + 4 * g));
                LNR_EACH(half, 2) {
                    sum[t][half] = dot(sum[t][half], u->q[g][half], xk);
                }
            }
        }
        LNR_EACH(t, n_cols) {
            LNR_EACH(half, 2) {
                total[t][half] = scaled(total[t][half], sum[t][half], &u->h[half], k / N_GROUP);
            }
        }
    }
    LNR_EACH(t, n_cols) {
        LNR_EACH(half, 2) {
            float *y = &acc[t][8 * half];
            _mm256_storeu_ps(y, finish(&u->h[half], x[t], total[t][half], _mm256_loadu_ps(y)));
        }
    }
}

static void gemm_panel(const lnr_gemm_args *a, size_t panel) {
    size_t n_blocks = a->n_k / (N_SUB * N_GROUP * 4);
    const weights *w = (const weights *)a->w + panel * n_blocks;
    float acc[COLS][16];
    unpacked u;
    for (size_t c0 = 0; c0 < a->n_cols; c0 += COLS) {
        size_t n_cols = a->n_cols - c0 < COLS ? a->n_cols - c0 : COLS;
        memset(acc, 0, n_cols * sizeof *acc);
        for (size_t b = 0; b < n_blocks; b++) {
            size_t c = 0;
            unpack(w + b, &u);
            for (; c + TILE <= n_cols; c += TILE)
                tile(a, &u, b, c0 + c, TILE, acc + c);
            if (n_cols - c == 2)
                tile(a, &u, b, c0 + c, 2, acc + c);
            else if (n_cols - c == 1)
                tile(a, &u, b, c0 + c, 1, acc + c);
        }
        for (size_t c = 0; c < n_cols; c++)
            memcpy(a->y + (c0 + c) * a->ldy + 16 * panel, acc[c], sizeof *acc);
    }
}

/* The cache lines of a block, in one part for each set of sub-blocks; the fence keeps compilers
 * from gathering them, since bursts cost a part of the memory's rate. */
LNR_INLINE void prefetch(const weights *w, int part) {
    enum { PARTS = N_SUB / N_WAY, LINES = ((int)sizeof *w + 64 * PARTS - 1) / (64 * PARTS) };
    LNR_EACH(i, LINES) {
        _mm_prefetch((const char *)w + 64 * (LINES * part + i), _MM_HINT_T0);
    }
    __asm__ volatile("" ::: "memory");
}

/* One token: nothing is stored between the load of a weight and its product. */
static void gemv_panel(const lnr_gemm_args *a, size_t panel) {
    enum { AHEAD = (2304 + (int)sizeof(weights) - 1) / (int)sizeof(weights) };
    size_t n_blocks = a->n_k / (N_SUB * N_GROUP * 4);
    const weights *w = (const weights *)a->w + panel * n_blocks;
    __m256 acc[2] = {_mm256_setzero_ps(), _mm256_setzero_ps()};
    for (size_t b = 0; b < n_blocks; b++, w++) {
        const acts *x = token(a, 0, b);
        LNR_EACH(half, 2) {
            header h = unpack_header(w, half);
            __m256i total = _mm256_setzero_si256();
            for (int set = 0; set < N_SUB / N_WAY; set++) {
                if (half == 0)
                    prefetch(w + AHEAD, set);
                LNR_UNROLL for (int g0 = 0; g0 < N_GROUP; g0 += SPAN) {
                    __m256i sum[N_WAY];
                    LNR_EACH(i, N_WAY) {
                        sum[i] = _mm256_setzero_si256();
                    }
                    LNR_UNROLL for (int g = g0; g < g0 + SPAN; g++) {
                        __m256i v[N_WAY];
                        unpack_quants(w, half, set, g, v);
                        LNR_EACH(i, N_WAY) {
                            int k = (set * N_WAY + i) * N_GROUP + g;
                            __m256i xk = _mm256_set1_epi32(lnr_dword(x->q + 4 * k));
                            sum[i] = dot(sum[i], v[i], xk);
                        }
                    }
                    LNR_EACH(i, N_WAY) {
                        total = scaled(total, sum[i], &h, set * N_WAY + i);
                    }
                }
            }
            acc[half] = finish(&h, x, total, acc[half]);
        }
    }
    _mm256_storeu_ps(a->y + 16 * panel, acc[0]);
    _mm256_storeu_ps(a->y + 16 * panel + 8, acc[1]);
}

void GEMM_NAME(const lnr_gemm_args *a) {
    for (size_t p = 0; p < a->n_panels; p++)
        if (a->n_cols == 1)
            gemv_panel(a, p);
        else
            gemm_panel(a, p);
}
