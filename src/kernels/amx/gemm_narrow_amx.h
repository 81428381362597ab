/* The skeleton of the products with 32-wide blocks on AMX; each format's file includes it once,
 * after it has said how its panels unpack.
 *
 * A block has a float scale, so every 32 k the sums leave the tiles: one product of half-filled
 * tiles, one store, and a convert, a multiplication and an fma per token. The one idea: what
 * remains is the least possible, since 16 tokens' accumulators of a panel stay in registers for a
 * piece of k as long as L1 holds its unpacked weights, and the products of four blocks are under
 * way while the four before them are added.
 *
 * Tiles must be full: the last tile of tokens begins earlier and computes some again, which are
 * then not written. Few tokens, and few beyond the last full tile, go to the AVX512-VNNI
 * kernel.
 *
 * The format's file has included the format's unpacking from avx512vnni/ and defines
 *   OFFSET                   what to take off the unpacked bytes to get signed weights
 *   finish(h, x, total, acc) the block's contribution to the float accumulator
 *   GEMM_NAME, GEMM_FEW      the kernel, and the one for few tokens */
#include "kernels/amx/tiles_amx.h"
#include "kernels/inline.h"

#include <immintrin.h>

enum {
    TILE = 16,   /* tokens */
    FEW = 32,    /* below as many tokens, and for up to REST beyond full tiles, */
    REST = 10,   /* AVX512-VNNI is as fast */
    AT_ONCE = 4, /* blocks */
    PIECE = 32,  /* blocks unpacked at a time: 16 KiB */
    BLOCK = 512  /* bytes of an unpacked block */
};

typedef struct piece {
    _Alignas(64) int8_t w[PIECE * BLOCK];
    _Alignas(64) int32_t c[2][AT_ONCE][TILE][16]; /* by turns, block, token, row */
    header h[PIECE];
    int n; /* blocks */
} piece;

LNR_INLINE void unpack(const weights *w, piece *p) {
    for (int b = 0; b < p->n; b++) {
        p->h[b] = unpack_header(w + b);
        LNR_EACH(g, N_GROUP) {
            __m512i v[N_WAY];
            unpack_quants(w + b, 0, g, v);
            LNR_EACH(i, N_WAY) {
                _mm512_store_si512(p->w + b * BLOCK + 64 * (N_GROUP * i + g),
                                   _mm512_sub_epi8(v[i], _mm512_set1_epi8((char)OFFSET)));
            }
        }
    }
    tiles_fence();
}

/* n (1 to AT_ONCE) blocks of weights times 16 tokens to c. */
LNR_INLINE void multiply(const int8_t *w, const char *x, size_t stride, int n,
                         int32_t (*c)[TILE][16]) {
    _tile_zero(0);
    _tile_loadd(4, x, stride);
    _tile_loadd(6, w, 64);
    _tile_dpbssd(0, 4, 6);
    if (n > 1) {
        _tile_zero(1);
        _tile_loadd(5, x + sizeof(acts), stride);
        _tile_loadd(7, w + BLOCK, 64);
        _tile_dpbssd(1, 5, 7);
    }
    if (n > 2) {
        _tile_zero(2);
        _tile_loadd(4, x + 2 * sizeof(acts), stride);
        _tile_loadd(6, w + 2 * BLOCK, 64);
        _tile_dpbssd(2, 4, 6);
    }
    if (n > 3) {
        _tile_zero(3);
        _tile_loadd(5, x + 3 * sizeof(acts), stride);
        _tile_loadd(7, w + 3 * BLOCK, 64);
        _tile_dpbssd(3, 5, 7);
    }
    _tile_stored(0, c[0], 64);
    if (n > 1)
        _tile_stored(1, c[1], 64);
    if (n > 2)
        _tile_stored(2, c[2], 64);
    if (n > 3)
        _tile_stored(3, c[3], 64);
}

LNR_INLINE void add(const header *headers, const char *x, size_t stride, int n,
                    int32_t (*c)[TILE][16], __m512 acc[TILE]) {
    for (int b = 0; b < n; b++) {
        header h = headers[b];
        LNR_EACH(t, TILE) {
            const acts *xt = (const acts *)(const void *)(x + (size_t)t * stride) + b;
            acc[t] = finish(&h, xt, _mm512_load_si512(c[b][t]), acc[t]);
        }
    }
}

/* The piece of a panel times 16 tokens from x, added to y from token `first` of them on. */
LNR_INLINE void tile(piece *p, const char *x, size_t stride, float *y, size_t ldy, int first,
                     bool fresh) {
    __m512 acc[TILE];
    LNR_EACH(t, TILE) { /* a page each: in time for the stores, which else hold up those of tiles */
        _mm_prefetch((const char *)(y + (size_t)t * ldy), _MM_HINT_T0);
        acc[t] = fresh ? _mm512_setzero_ps() : _mm512_loadu_ps(y + (size_t)t * ldy);
    }
    int n_before = 0;
    for (int b = 0; b < p->n; b += AT_ONCE) {
        int n = p->n - b < AT_ONCE ? p->n - b : AT_ONCE, turn = b / AT_ONCE & 1;
        multiply(p->w + b * BLOCK, x + (size_t)b * sizeof(acts), stride, n, p->c[turn]);
        if (n_before) {
            size_t done = (size_t)(b - AT_ONCE);
            add(p->h + done, x + done * sizeof(acts), stride, AT_ONCE, p->c[!turn], acc);
        }
        n_before = n;
    }
    if (n_before) {
        size_t done = (size_t)(p->n - n_before);
        add(p->h + done, x + done * sizeof(acts), stride, n_before, p->c[done / AT_ONCE & 1], acc);
    }
    LNR_EACH(t, TILE) {
        if (t >= first)
            _mm512_storeu_ps(y + (size_t)t * ldy, acc[t]);
    }
}

LNR_INLINE void gemm_panel(const lnr_gemm_args *a, piece *p, size_t panel) {
    size_t n_blocks = a->n_k / 32, b = 0;
    size_t n_tiles = (a->n_cols + TILE - 1) / TILE;
    const weights *w = (const weights *)a->w + panel * n_blocks;
    do { /* once if there is no block: the results are 0 */
        p->n = n_blocks - b < PIECE ? (int)(n_blocks - b) : PIECE;
        unpack(w + b, p);
        for (size_t c = 0; c < a->n_cols; c += TILE) {
            size_t at = c + TILE <= a->n_cols ? c : a->n_cols - TILE;
            fetch_part((uintptr_t)w + (b + (size_t)p->n) * sizeof *w, (size_t)p->n * sizeof *w,
                       c / TILE, n_tiles);
            tile(p, (const char *)a->x + at * a->x_stride + b * sizeof(acts), a->x_stride,
                 a->y + at * a->ldy + 16 * panel, a->ldy, (int)(c - at), b == 0);
        }
        b += PIECE;
    } while (b < n_blocks);
}

void GEMM_NAME(const lnr_gemm_args *a) {
    size_t n_few = a->n_cols < FEW ? a->n_cols : a->n_cols % TILE;
    if (n_few > REST && a->n_cols >= FEW)
        n_few = 0;
    lnr_gemm_args tiles = *a, few = *a;
    tiles.n_cols -= n_few;
    if (tiles.n_cols) {
        piece p;
        _tile_loadconfig(&tiles_of_32);
        for (size_t panel = 0; panel < a->n_panels; panel++)
            gemm_panel(&tiles, &p, panel);
        _tile_release();
    }
    if (n_few) {
        few.n_cols = n_few;
        few.x = (const char *)a->x + tiles.n_cols * a->x_stride;
        few.y += tiles.n_cols * a->ldy;
        GEMM_FEW(&few);
    }
}
