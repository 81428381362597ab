/* The skeleton of the integer products on AVX512-VNNI; each format's file includes it once, after
 * it has said how its panels unpack.
 *
 * One zmm holds 4 consecutive k of 16 rows as unsigned bytes; vpdpbusd multiplies it with a
 * broadcast dword of activations, so each row's sum stays in its lane and no lane is ever added to
 * another. Up to FEW tokens: the panel streams through registers, for up to 8 of them at a time.
 * More: two panels' blocks are unpacked to L1 once for COLS tokens, which pass in tiles of up to 6.
 *
 * A scale is applied to the sum of SPAN k-groups. Where such a sum stays inside 16 bits, vpdpwssd
 * by the scale does it in one instruction instead of vpmulld's two and an addition. A sum may start
 * below zero, at minus the weights' offset times its activations: it is then that of the true,
 * signed weights, and small. These starts are made once per token and block.
 *
 * The format's file defines
 *   weights, acts              the panel block and the activation block
 *   N_SUB, N_GROUP             sub-blocks of a block and k-groups (4 k) of a sub-block
 *   N_WAY                      sub-blocks that one step of unpacking yields; divides N_SUB
 *   SPAN                       k-groups added up before a scale; divides or is divided by N_GROUP
 *   START                      1: sums start at what starts writes; 0: at zero
 *   header                     scales and whatever else finish needs, in vectors
 *   unpack_header(w)
 *   unpack_quants(w, set, g, v)  v[i] = k-group g of sub-block N_WAY * set + i
 *   starts(x, s)               the sums' starts of a block, one per span; with START only
 *   begin(h, x)                where a block's total starts
 *   scaled(total, sum, h, j)   total + scale of sub-block j * sum, exact
 *   finish(h, x, total, acc)   the block's contribution to the float accumulator
 *   GEMM_NAME                  the kernel */
#include "kernels/inline.h"

#include <immintrin.h>

/* 2 panels x TILE tokens: 12 sums and 12 totals of the 32 registers. COLS tokens per unpacking:
 * that is below 3 % of the work. PANELS share a token's starts. */
enum { TILE = 6, COLS = 96, PANELS = 8, FEW = 16, STREAM = 8, PAIRED = 3 };

/* k-groups and spans of a block; blocks that are unpacked together: 256 columns */
enum { N_K = N_SUB * N_GROUP, N_START = START ? N_K / SPAN : 1, CHUNK = 64 / N_K };

typedef struct unpacked {
    __m512i q[CHUNK][N_K];
    header h[CHUNK];
} unpacked;

LNR_INLINE const acts *token(const lnr_gemm_args *a, size_t c, size_t block) {
    return (const acts *)(const void *)((const char *)a->x + c * a->x_stride) + block;
}

LNR_INLINE __m512i start_of(const int32_t *start, int k) {
    return START && k % SPAN == 0 ? _mm512_set1_epi32(start[k / SPAN]) : _mm512_setzero_si512();
}

/* The cache lines of a block, in one part for each step of unpacking. Memory delivers most when
 * each line is asked for once, two or three KiB ahead and in step with the loads: bursts cost a
 * fifth of the rate, hence a fence against the compiler's gathering them. */
LNR_INLINE void prefetch(const weights *w, int set, int g) {
    enum { PARTS = N_SUB / N_WAY * N_GROUP, LINES = (int)(sizeof *w + 63) / 64 };
    int part = set * N_GROUP + g;
    LNR_UNROLL for (int i = LINES * part / PARTS; i < LINES * (part + 1) / PARTS; i++)
        _mm_prefetch((const char *)w + 64 * i, _MM_HINT_T0);
    __asm__ volatile("" ::: "memory");
}

LNR_NOINLINE void unpack(const weights *w, size_t n, unpacked *u) {
    for (size_t b = 0; b < n; b++, w++) {
        u->h[b] = unpack_header(w);
        LNR_EACH(set, N_SUB / N_WAY) {
            LNR_EACH(g, N_GROUP) {
                __m512i v[N_WAY];
                unpack_quants(w, set, g, v);
                LNR_EACH(i, N_WAY) {
                    u->q[b][(set * N_WAY + i) * N_GROUP + g] = v[i];
                }
            }
        }
    }
}

/* Where a call's tiles are: n blocks from block on, unpacked in u; tokens from c on. */
typedef struct place {
    const lnr_gemm_args *a;
    const unpacked *u; /* of each panel */
    size_t block, n, c;
    const int32_t (*start)[CHUNK][N_START]; /* of each token */
    float (*acc)[32];                       /* [token][2 panels x 16 rows] */
    /* what memory brings meanwhile: the panels' next chunks, `lines` cache lines of each per step
     * of 32 columns, up to the chunk's end */
    const char *next[2];
    size_t lines, next_at;
} place;

LNR_INLINE void prefetch_next(place *at, int n_panels) {
    if (at->next_at >= CHUNK * sizeof(weights))
        return;
    for (size_t i = 0; i < at->lines; i++, at->next_at += 64)
        LNR_EACH(p, n_panels) {
            _mm_prefetch(at->next[p] + at->next_at, _MM_HINT_T0);
        }
}

/* n_panels (1 or 2) unpacked panels times n_cols (1 to TILE) tokens, added to acc. */
LNR_INLINE void tile(const place *at, int n_panels, int n_cols) {
    const acts *x[TILE];
    __m512 y[TILE][2];
    LNR_EACH(t, n_cols) {
        x[t] = token(at->a, at->c + (size_t)t, at->block);
        LNR_EACH(p, n_panels) {
            if (CHUNK > 1) /* else there are no registers for them until the end */
                y[t][p] = _mm512_loadu_ps(&at->acc[t][16 * p]);
        }
    }
    for (size_t b = 0; b < (CHUNK > 1 ? at->n : 1); b++) {
        __m512i total[TILE][2];
        LNR_EACH(t, n_cols) {
            LNR_EACH(p, n_panels) {
                total[t][p] = begin(&at->u[p].h[b], x[t] + b);
            }
        }
        for (int k = 0; k < N_K; k += SPAN) {
            __m512i sum[TILE][2];
            LNR_EACH(t, n_cols) {
                sum[t][0] = sum[t][1] = start_of(at->start[t][b], k);
            }
            LNR_EACH(g, SPAN) {
                LNR_EACH(t, n_cols) {
                    __m512i xk = _mm512_set1_epi32(lnr_dword(x[t][b].q + 4 * (k + g)));
                    LNR_EACH(p, n_panels) {
                        sum[t][p] = _mm512_dpbusd_epi32(sum[t][p], at->u[p].q[b][k + g], xk);
                    }
                }
            }
            LNR_EACH(t, n_cols) {
                LNR_EACH(p, n_panels) {
                    total[t][p] = scaled(total[t][p], sum[t][p], &at->u[p].h[b], k / N_GROUP);
                }
            }
        }
        LNR_EACH(t, n_cols) {
            LNR_EACH(p, n_panels) {
                if (CHUNK == 1)
                    y[t][p] = _mm512_loadu_ps(&at->acc[t][16 * p]);
                y[t][p] = finish(&at->u[p].h[b], x[t] + b, total[t][p], y[t][p]);
            }
        }
    }
    LNR_EACH(t, n_cols) {
        LNR_EACH(p, n_panels) {
            _mm512_storeu_ps(&at->acc[t][16 * p], y[t][p]);
        }
    }
}

#define TILE_OF(n_panels, n_cols)                                                                  \
    LNR_NOINLINE void tile_##n_panels##x##n_cols(const place *at) {                                \
        tile(at, n_panels, n_cols);                                                                \
    }
TILE_OF(1, 1)
TILE_OF(1, 2)
TILE_OF(1, 3)
TILE_OF(1, 4)
TILE_OF(1, 5)
TILE_OF(1, 6)
TILE_OF(2, 1)
TILE_OF(2, 2)
TILE_OF(2, 3)
TILE_OF(2, 4)
TILE_OF(2, 5)
TILE_OF(2, 6)

/* All of n_cols tokens, in tiles of sizes as equal as possible. */
static void tiles(place at, int n_panels, size_t n_cols) {
    static void (*const of[2][TILE])(const place *) = {
        {tile_1x1, tile_1x2, tile_1x3, tile_1x4, tile_1x5, tile_1x6},
        {tile_2x1, tile_2x2, tile_2x3, tile_2x4, tile_2x5, tile_2x6},
    };
    size_t n_tiles = (n_cols + TILE - 1) / TILE;
    at.lines = (CHUNK * sizeof(weights) / 64 + n_tiles) / n_tiles;
    for (; n_tiles; n_tiles--) {
        size_t n = (n_cols + n_tiles - 1) / n_tiles;
        prefetch_next(&at, n_panels);
        of[n_panels - 1][n - 1](&at);
        at.c += n;
        at.start += n;
        at.acc += n;
        n_cols -= n;
    }
}

/* Up to PANELS panels times up to COLS tokens. */
static void gemm_panels(const lnr_gemm_args *a, size_t panel, size_t n_panels, size_t c0,
                        size_t n_cols) {
    size_t n_blocks = a->n_k / (4 * N_K);
    const weights *w = (const weights *)a->w + panel * n_blocks;
    float acc[PANELS / 2][COLS][32];
    int32_t start[COLS][CHUNK][N_START];
    unpacked u[2];
    for (size_t p = 0; p < n_panels; p += 2)
        memset(acc[p / 2], 0, n_cols * sizeof **acc);
    for (size_t b = 0; b < n_blocks; b += CHUNK) {
        size_t n = n_blocks - b < CHUNK ? n_blocks - b : CHUNK;
        for (size_t c = 0; START && c < n_cols; c++)
            for (size_t i = 0; i < n; i++)
                starts(token(a, c0 + c, b + i), start[c][i]);
        for (size_t p = 0; p < n_panels; p += 2) {
            const weights *now = w + p * n_blocks + b;
            const weights *next = p + 2 < n_panels ? now + 2 * n_blocks : w + b + CHUNK;
            int n_pair = p + 1 < n_panels ? 2 : 1;
            for (int i = 0; i < n_pair; i++)
                unpack(now + (size_t)i * n_blocks, n, &u[i]);
            place at = {.a = a, .u = u, .block = b, .n = n, .c = c0, .acc = acc[p / 2]};
            at.start = (const void *)start;
            at.next[0] = (const void *)next;
            at.next[1] = (const void *)(next + n_blocks);
            tiles(at, n_pair, n_cols);
        }
    }
    for (size_t c = 0; c < n_cols; c++)
        for (size_t p = 0; p < n_panels; p++)
            memcpy(a->y + (c0 + c) * a->ldy + 16 * (panel + p), acc[p / 2][c] + p % 2 * 16, 64);
}

/* Few tokens: nothing is stored between the load of a weight and its product. Two panels make two
 * streams for the memory; more tokens than PAIRED need the registers for one. */
LNR_INLINE void gemv_panels(const lnr_gemm_args *a, size_t panel, size_t c, int n_panels,
                            int n_cols) {
    enum { AHEAD = (2304 + (int)sizeof(weights) - 1) / (int)sizeof(weights) };
    size_t n_blocks = a->n_k / (4 * N_K);
    const weights *w = (const weights *)a->w + panel * n_blocks;
    __m512 acc[STREAM][2];
    LNR_EACH(t, n_cols) {
        LNR_EACH(p, n_panels) {
            acc[t][p] = _mm512_setzero_ps();
        }
    }
    for (size_t b = 0; b < n_blocks; b++, w++) {
        header h[2];
        const acts *x[STREAM];
        int32_t start[STREAM][N_START];
        __m512i total[STREAM][2];
        LNR_EACH(p, n_panels) {
            h[p] = unpack_header(w + (size_t)p * n_blocks);
        }
        LNR_EACH(t, n_cols) {
            x[t] = token(a, c + (size_t)t, b);
            if (START)
                starts(x[t], start[t]);
            LNR_EACH(p, n_panels) {
                total[t][p] = begin(&h[p], x[t]);
            }
        }
        LNR_EACH(set, N_SUB / N_WAY) {
            __m512i sum[STREAM][2][N_WAY];
            LNR_EACH(g, N_GROUP) {
                LNR_EACH(p, n_panels) {
                    const weights *wp = w + (size_t)p * n_blocks;
                    __m512i v[N_WAY];
                    prefetch(wp + AHEAD, set, g);
                    unpack_quants(wp, set, g, v);
                    LNR_EACH(t, n_cols) {
                        LNR_EACH(i, N_WAY) {
                            int j = set * N_WAY + i, k = j * N_GROUP + g;
                            if (g % SPAN == 0)
                                sum[t][p][i] = start_of(start[t], k);
                            __m512i xk = _mm512_set1_epi32(lnr_dword(x[t]->q + 4 * k));
                            sum[t][p][i] = _mm512_dpbusd_epi32(sum[t][p][i], v[i], xk);
                            if (g % SPAN == SPAN - 1 || g == N_GROUP - 1)
                                total[t][p] = scaled(total[t][p], sum[t][p][i], &h[p], j);
                        }
                    }
                }
            }
        }
        LNR_EACH(t, n_cols) {
            LNR_EACH(p, n_panels) {
                acc[t][p] = finish(&h[p], x[t], total[t][p], acc[t][p]);
            }
        }
    }
    LNR_EACH(t, n_cols) {
        LNR_EACH(p, n_panels) {
            _mm512_storeu_ps(a->y + (c + (size_t)t) * a->ldy + 16 * (panel + (size_t)p), acc[t][p]);
        }
    }
}

#define GEMV_OF(n_panels, n_cols)                                                                  \
    LNR_NOINLINE void gemv_##n_panels##x##n_cols(const lnr_gemm_args *a, size_t panel, size_t c) { \
        gemv_panels(a, panel, c, n_panels, n_cols);                                                \
    }
GEMV_OF(1, 1)
GEMV_OF(1, 2)
GEMV_OF(1, 3)
GEMV_OF(1, 4)
GEMV_OF(1, 5)
GEMV_OF(1, 6)
GEMV_OF(1, 7)
GEMV_OF(1, 8)
GEMV_OF(2, 1)
GEMV_OF(2, 2)
GEMV_OF(2, 3)

/* Tokens in groups of sizes as equal as possible; the second group finds the panel in the cache. */
static void gemv(const lnr_gemm_args *a) {
    static void (*const one[STREAM])(const lnr_gemm_args *, size_t, size_t) = {
        gemv_1x1, gemv_1x2, gemv_1x3, gemv_1x4, gemv_1x5, gemv_1x6, gemv_1x7, gemv_1x8};
    static void (*const two[PAIRED])(const lnr_gemm_args *, size_t, size_t) = {gemv_2x1, gemv_2x2,
                                                                               gemv_2x3};
    size_t p = 0, n = a->n_cols <= STREAM ? a->n_cols : (a->n_cols + 1) / 2;
    for (; a->n_cols <= PAIRED && p + 2 <= a->n_panels; p += 2)
        two[a->n_cols - 1](a, p, 0);
    for (; p < a->n_panels; p++) {
        one[n - 1](a, p, 0);
        if (n < a->n_cols)
            one[a->n_cols - n - 1](a, p, n);
    }
}

void GEMM_NAME(const lnr_gemm_args *a) {
    if (a->n_cols == 0)
        return;
    if (a->n_cols <= FEW) {
        gemv(a);
        return;
    }
    for (size_t c = 0; c < a->n_cols; c += COLS)
        for (size_t p = 0; p < a->n_panels; p += PANELS)
            gemm_panels(a, p, a->n_panels - p < PANELS ? a->n_panels - p : PANELS, c,
                        a->n_cols - c < COLS ? a->n_cols - c : COLS);
}
