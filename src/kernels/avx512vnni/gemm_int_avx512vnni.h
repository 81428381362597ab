/* The skeleton of the integer products on AVX512-VNNI; each format's file includes it once, after
 * it has said how its panels unpack.
 *
 * One zmm holds 4 consecutive k of 16 rows as unsigned bytes; vpdpbusd multiplies it with a
 * broadcast dword of activations, so each row's sum stays in its lane and no lane is ever added to
 * another. Up to 3 tokens: the panel streams through registers. More: two panels' blocks are
 * unpacked to L1 once for COLS tokens, which pass in tiles of 6.
 *
 * The format's file defines
 *   weights, acts              the panel block and the activation block
 *   N_SUB, N_GROUP             sub-blocks of a block and k-groups (4 k) of a sub-block
 *   N_WAY                      sub-blocks that one step of unpacking yields; divides N_SUB
 *   header                     scales and whatever else finish needs, in vectors
 *   unpack_header(w)
 *   unpack_quants(w, set, g, v)  v[i] = k-group g of sub-block N_WAY * set + i
 *   scaled(total, sum, h, j)   total + scale of sub-block j * sum, exact
 *   finish(h, x, total, acc)   the block's contribution to the float accumulator
 *   GEMM_NAME                  the kernel */
#include "kernels/inline.h"

#include <immintrin.h>

/* 2 panels x TILE tokens: 12 sums and 12 totals of the 32 registers. COLS tokens per unpacking: 12
 * KiB of accumulators, and unpacking is below 3 % of the work. */
enum { TILE = 6, COLS = 96 };

typedef struct unpacked {
    __m512i q[N_SUB * N_GROUP];
    header h;
} unpacked;

LNR_INLINE const acts *token(const lnr_gemm_args *a, size_t c, size_t block) {
    return (const acts *)(const void *)((const char *)a->x + c * a->x_stride) + block;
}

LNR_INLINE void unpack(const weights *w, unpacked *u) {
    u->h = unpack_header(w);
    for (int set = 0; set < N_SUB / N_WAY; set++)
        LNR_EACH(g, N_GROUP) {
            __m512i v[N_WAY];
            unpack_quants(w, set, g, v);
            LNR_EACH(i, N_WAY) {
                u->q[(set * N_WAY + i) * N_GROUP + g] = v[i];
            }
        }
}

/* One block of n_panels (1 or 2) unpacked panels times n_cols (1 to TILE) tokens from c on, added
 * to acc[token][2 panels x 16 rows]. */
LNR_INLINE void tile(const lnr_gemm_args *a, const unpacked *u, int n_panels, size_t block,
                     size_t c, int n_cols, float (*acc)[32]) {
    const acts *x[TILE];
    __m512i total[TILE][2];
    LNR_EACH(t, n_cols) {
        x[t] = token(a, c + (size_t)t, block);
        LNR_EACH(p, n_panels) {
            total[t][p] = _mm512_setzero_si512();
        }
    }
    for (int j = 0; j < N_SUB; j++) {
        __m512i sum[TILE][2];
        LNR_EACH(t, n_cols) {
            LNR_EACH(p, n_panels) {
                sum[t][p] = _mm512_setzero_si512();
            }
        }
        LNR_EACH(g, N_GROUP) {
            int k = j * N_GROUP + g;
            LNR_EACH(t, n_cols) {
                __m512i xk = _mm512_set1_epi32(lnr_dword(x[t]->q + 4 * k));
                LNR_EACH(p, n_panels) {
                    sum[t][p] = _mm512_dpbusd_epi32(sum[t][p], u[p].q[k], xk);
                }
            }
        }
        LNR_EACH(t, n_cols) {
            LNR_EACH(p, n_panels) {
                total[t][p] = scaled(total[t][p], sum[t][p], &u[p].h, j);
            }
        }
    }
    LNR_EACH(t, n_cols) {
        LNR_EACH(p, n_panels) {
            float *y = &acc[t][16 * p];
            _mm512_storeu_ps(y, finish(&u[p].h, x[t], total[t][p], _mm512_loadu_ps(y)));
        }
    }
}

LNR_INLINE void tiles(const lnr_gemm_args *a, const unpacked *u, int n_panels, size_t block,
                      size_t c0, size_t n_cols, float (*acc)[32]) {
    size_t c = 0;
    for (; c + TILE <= n_cols; c += TILE)
        tile(a, u, n_panels, block, c0 + c, TILE, acc + c);
    switch (n_cols - c) {
    case 5:
        tile(a, u, n_panels, block, c0 + c, 5, acc + c);
        break;
    case 4:
        tile(a, u, n_panels, block, c0 + c, 4, acc + c);
        break;
    case 3:
        tile(a, u, n_panels, block, c0 + c, 3, acc + c);
        break;
    case 2:
        tile(a, u, n_panels, block, c0 + c, 2, acc + c);
        break;
    case 1:
        tile(a, u, n_panels, block, c0 + c, 1, acc + c);
        break;
    default:
        break;
    }
}

/* n_panels (1 or 2) panels times all tokens. */
LNR_INLINE void gemm_panels(const lnr_gemm_args *a, size_t panel, int n_panels) {
    size_t n_blocks = a->n_k / (N_SUB * N_GROUP * 4);
    const weights *w = (const weights *)a->w + panel * n_blocks;
    float acc[COLS][32];
    unpacked u[2];
    for (size_t c0 = 0; c0 < a->n_cols; c0 += COLS) {
        size_t n_cols = a->n_cols - c0 < COLS ? a->n_cols - c0 : COLS;
        memset(acc, 0, n_cols * sizeof *acc);
        for (size_t b = 0; b < n_blocks; b++) {
            LNR_EACH(p, n_panels) {
                unpack(w + (size_t)p * n_blocks + b, &u[p]);
            }
            tiles(a, u, n_panels, b, c0, n_cols, acc);
        }
        for (size_t c = 0; c < n_cols; c++)
            memcpy(a->y + (c0 + c) * a->ldy + 16 * panel, acc[c], (size_t)n_panels * 64);
    }
}

/* Few tokens: nothing is stored between the load of a weight and its product. */
LNR_INLINE void gemv_panel(const lnr_gemm_args *a, size_t panel, int n_cols) {
    size_t n_blocks = a->n_k / (N_SUB * N_GROUP * 4);
    const weights *w = (const weights *)a->w + panel * n_blocks;
    __m512 acc[3];
    LNR_EACH(t, n_cols) {
        acc[t] = _mm512_setzero_ps();
    }
    for (size_t b = 0; b < n_blocks; b++, w++) {
        header h = unpack_header(w);
        const acts *x[3];
        __m512i total[3];
        LNR_EACH(t, n_cols) {
            x[t] = token(a, (size_t)t, b);
            total[t] = _mm512_setzero_si512();
        }
        LNR_EACH(set, N_SUB / N_WAY) {
            __m512i sum[3][N_WAY];
            LNR_EACH(t, n_cols) {
                LNR_EACH(i, N_WAY) {
                    sum[t][i] = _mm512_setzero_si512();
                }
            }
            LNR_EACH(g, N_GROUP) {
                __m512i v[N_WAY];
                unpack_quants(w, set, g, v);
                LNR_EACH(t, n_cols) {
                    LNR_EACH(i, N_WAY) {
                        int k = (set * N_WAY + i) * N_GROUP + g;
                        __m512i xk = _mm512_set1_epi32(lnr_dword(x[t]->q + 4 * k));
                        sum[t][i] = _mm512_dpbusd_epi32(sum[t][i], v[i], xk);
                    }
                }
            }
            LNR_EACH(t, n_cols) {
                LNR_EACH(i, N_WAY) {
                    total[t] = scaled(total[t], sum[t][i], &h, set * N_WAY + i);
                }
            }
        }
        LNR_EACH(t, n_cols) {
            acc[t] = finish(&h, x[t], total[t], acc[t]);
        }
    }
    LNR_EACH(t, n_cols) {
        _mm512_storeu_ps(a->y + (size_t)t * a->ldy + 16 * panel, acc[t]);
    }
}

void GEMM_NAME(const lnr_gemm_args *a) {
    size_t p = 0;
    if (a->n_cols == 1)
        for (; p < a->n_panels; p++)
            gemv_panel(a, p, 1);
    else if (a->n_cols == 2)
        for (; p < a->n_panels; p++)
            gemv_panel(a, p, 2);
    else if (a->n_cols == 3)
        for (; p < a->n_panels; p++)
            gemv_panel(a, p, 3);
    for (; p + 2 <= a->n_panels; p += 2)
        gemm_panels(a, p, 2);
    if (p < a->n_panels)
        gemm_panels(a, p, 1);
}
