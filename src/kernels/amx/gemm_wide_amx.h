/* The skeleton of the products with 256-wide blocks on AMX; each format's file includes it once,
 * after it has said how its panels unpack.
 *
 * A tile of weights is 16 k-groups (of 4 k) by 16 rows, which is how panels lie in memory already;
 * a tile of activations is 16 tokens by 64 k, read in place. TDPB*D adds their 16 x 16 products
 * into int32. The one idea: sub-block scales are multiplied into the weights while they are
 * unpacked, so that a whole block of 256 is one exact integer sum and tiles leave AMX once per
 * block, not once per sub-block. Weight times scale may need more than 8 bits; then it is split
 * over two planes of bytes, weight * scale = low + high * unit,    dot = low . x + (high . x) *
 * unit.
 *
 * AMX works beside the vector units, but its results come in bursts of tiles. So the steps of one
 * unit (32 tokens) take turns with the float part of the unit before it: both pipes have work
 * within the reach of out-of-order execution. Unpacking the next block between units did not gain:
 * two blocks of two panels are too much for L1.
 *
 * Tiles must be full: the last tile of tokens begins earlier and computes some again, which are
 * then not added. Fewer tokens than a tile go to the AVX512-VNNI kernel.
 *
 * The format's file has included the format's unpacking from avx512vnni/ and defines
 *   N_PLANE, DOT_LOW, DOT_HIGH  1 or 2; _tile_dpbsud for a plane of unsigned bytes, _tile_dpbssd
 * else (both the same if there is but one plane) scaling, scaling_of(s)      what put needs, from a
 * sub-block's scales, a dword per row put(at, v, s)               64 quants times scale: plane p to
 * at + p PLANE joined(low, high)           the dot product of two planes, if there are two
 *   finish(h, x, total, acc)    the block's contribution to the float accumulator
 *   GEMM_NAME, GEMM_FEW         the kernel, and the one for few tokens */
#include "kernels/amx/tiles_amx.h"
#include "kernels/inline.h"

#include <immintrin.h>

enum {
    UNIT = 32,         /* tokens: two tiles */
    COLS = 128,        /* tokens per unpacking */
    FEW = 16,          /* below it there is no full tile */
    SETS = 4,          /* of 64 k in a block: a step of the tiles each */
    SIDE = 2 / N_PLANE /* panels of a unit: its two tiles of weights are planes or panels */
};

typedef struct results {
    int32_t c[2][2][16][16]; /* tile of tokens, tile of weights, token, row */
} results;

typedef struct group {
    _Alignas(64) uint8_t planes[2][N_PLANE * PLANE]; /* panel */
    _Alignas(64) results out;
    _Alignas(64) float acc[COLS][2][16]; /* token, panel, row */
    header h[2][2];                      /* block's parity, panel */
    const weights *w;                    /* (n_panels, n_blocks) */
    size_t n_blocks;
    float *y; /* of the first panel and token */
} group;

/* A unit whose tiles are stored but not yet added: tokens first .. first + n - 1. */
typedef struct pending {
    const header *h; /* (SIDE) */
    const char *x;   /* the block's activations of token `first` */
    float (*acc)[2][16];
    size_t panel; /* of acc */
    int n;
    int shift[2]; /* token i of tile t lies in place i + shift[t] */
} pending;

/* The float part of 8 tokens of p: those of step s. */
LNR_INLINE void finish_step(const group *g, const pending *p, size_t stride, int s) {
    int end = p->n < 8 * (s + 1) ? p->n : 8 * (s + 1);
    const results *r = &g->out;
    int t = s / 2;
    if (8 * s >= end)
        return;
    /* copies: the compiler must not take them for what the stores below change */
    header h[SIDE];
    LNR_EACH(i, SIDE) {
        h[i] = p->h[i];
    }
    for (int i = 8 * s; i < end; i++) {
        const acts *x = (const acts *)(const void *)(p->x + (size_t)i * stride);
        int row = i - 16 * t + p->shift[t];
        __m512i first = _mm512_load_si512(r->c[t][0][row]);
        __m512i second = _mm512_load_si512(r->c[t][1][row]);
        float *y = p->acc[i][p->panel];
#if N_PLANE == 2
        _mm512_store_ps(y, finish(&h[0], x, joined(first, second), _mm512_load_ps(y)));
#else
        _mm512_store_ps(y, finish(&h[0], x, first, _mm512_load_ps(y)));
        _mm512_store_ps(y + 16, finish(&h[SIDE - 1], x, second, _mm512_load_ps(y + 16)));
#endif
    }
}

/* n_tiles (1 or 2) tiles of tokens from x0 and x1 times two tiles' columns of weights, and between
 * them what is left of the unit before. */
LNR_INLINE void multiply(group *g, const pending *before, size_t stride, int n_tiles,
                         const char *x0, const char *x1, const uint8_t *b0, const uint8_t *b1) {
    _tile_zero(0);
    _tile_zero(1);
    if (n_tiles == 2) {
        _tile_zero(2);
        _tile_zero(3);
    }
    LNR_EACH(s, SETS) {
        _tile_loadd(4, x0 + 64 * s, stride);
        _tile_loadd(6, b0 + 1024 * s, 64);
        DOT_LOW(0, 4, 6);
        _tile_loadd(7, b1 + 1024 * s, 64);
        DOT_HIGH(1, 4, 7);
        if (n_tiles == 2) {
            _tile_loadd(5, x1 + 64 * s, stride);
            DOT_LOW(2, 5, 6);
            DOT_HIGH(3, 5, 7);
        }
        finish_step(g, before, stride, s);
    }
    _tile_stored(0, g->out.c[0][0], 64);
    _tile_stored(1, g->out.c[0][1], 64);
    if (n_tiles == 2) {
        _tile_stored(2, g->out.c[1][0], 64);
        _tile_stored(3, g->out.c[1][1], 64);
    }
}

/* Weights 64 set .. 64 set + 63 of a block, k-group after k-group. */
LNR_INLINE void unpack_set(const weights *w, const header *h, int set, uint8_t *at) {
    scaling s[N_WAY];
    LNR_EACH(i, N_WAY) {
        s[i] = scaling_of(h->scale[N_WAY * set + i]);
    }
    LNR_EACH(g, N_GROUP) {
        __m512i v[N_WAY];
        unpack_quants(w, set, g, v);
        LNR_EACH(i, N_WAY) {
            put(at + 64 * (N_GROUP * i + g), v[i], &s[i]);
        }
    }
}

/* Block b of n_panels; of a panel without neighbour twice, if units are of two. */
LNR_INLINE void unpack(group *g, size_t b, int n_panels) {
    int n = n_panels > SIDE ? n_panels : SIDE;
    for (int i = 0; i < n; i++) {
        const weights *w = g->w + (i < n_panels ? (size_t)i * g->n_blocks : 0) + b;
        header *h = &g->h[b & 1][i];
        *h = unpack_header(w);
        for (int set = 0; set < SETS; set++)
            unpack_set(w, h, set, g->planes[i] + 1024 * set);
    }
    tiles_fence();
}

/* Where panel i's block after b lies: behind its last one, the first of the panel that comes next.
 */
LNR_INLINE uintptr_t next_block(const group *g, size_t b, int i, int n_panels) {
    size_t at = (size_t)i * g->n_blocks + b + 1;
    if (b + 1 == g->n_blocks)
        at += (size_t)(n_panels - 1) * g->n_blocks;
    return (uintptr_t)g->w + at * sizeof(weights);
}

/* Block b of the panels of g times tokens c0 .. c0 + n_cols - 1. */
LNR_INLINE void block_times_tokens(const lnr_gemm_args *a, group *g, pending *p, int n_panels,
                                   size_t b, size_t c0, size_t n_cols) {
    size_t stride = a->x_stride, n_units = (n_cols + UNIT - 1) / UNIT;
    for (size_t c = 0; c < n_cols; c += UNIT) {
        int n = n_cols - c < UNIT ? (int)(n_cols - c) : UNIT;
        int n_tiles = n > 16 ? 2 : 1, missing = 16 * n_tiles - n;
        const char *x = (const char *)a->x + (c0 + c) * stride + b * sizeof(acts);
        const char *last = x + (n - 16) * (ptrdiff_t)stride;           /* before x if n < 16 */
        for (int i = 0; i < n * n_panels && b + 1 == g->n_blocks; i++) /* a page per token */
            _mm_prefetch((const char *)(g->y + (c + (size_t)(i / n_panels)) * a->ldy +
                                        16 * (size_t)(i % n_panels)),
                         _MM_HINT_T1);
        for (int side = 0; side < n_panels; side += SIDE) {
            const uint8_t *b0 = g->planes[side];
            for (int i = side; i < side + SIDE; i++)
                fetch_part(next_block(g, b, i, n_panels), sizeof(weights), c / UNIT, n_units);
            const uint8_t *b1 = N_PLANE == 2 ? b0 + PLANE : g->planes[1];
            if (n_tiles == 2)
                multiply(g, p, stride, 2, x, last, b0, b1);
            else
                multiply(g, p, stride, 1, last, last, b0, b1);
            *p = (pending){.h = &g->h[b & 1][side],
                           .x = x,
                           .acc = g->acc + c,
                           .panel = (size_t)side,
                           .n = n,
                           .shift = {n_tiles == 1 ? missing : 0, missing}};
        }
    }
}

/* n_panels (1 or 2) panels times all tokens. */
LNR_INLINE void gemm_panels(const lnr_gemm_args *a, group *g, size_t panel, int n_panels) {
    g->n_blocks = a->n_k / 256;
    g->w = (const weights *)a->w + panel * g->n_blocks;
    for (size_t c0 = 0; c0 < a->n_cols; c0 += COLS) {
        g->y = a->y + c0 * a->ldy + 16 * panel;
        size_t n_cols = a->n_cols - c0 < COLS ? a->n_cols - c0 : COLS;
        pending p = {.h = g->h[0]};
        memset(g->acc, 0, n_cols * sizeof *g->acc);
        for (size_t b = 0; b < g->n_blocks; b++) {
            unpack(g, b, n_panels);
            block_times_tokens(a, g, &p, n_panels, b, c0, n_cols);
        }
        for (int s = 0; s < SETS; s++)
            finish_step(g, &p, a->x_stride, s);
        for (size_t c = 0; c < n_cols; c++)
            memcpy(g->y + c * a->ldy, g->acc[c], (size_t)n_panels * 64);
    }
}

void GEMM_NAME(const lnr_gemm_args *a) {
    if (a->n_cols < FEW) {
        GEMM_FEW(a);
        return;
    }
    group g;
    size_t p = 0;
    _tile_loadconfig(&tiles_of_64);
    for (; p + 2 <= a->n_panels; p += 2)
        gemm_panels(a, &g, p, 2);
    if (p < a->n_panels)
        gemm_panels(a, &g, p, 1);
    _tile_release();
}
