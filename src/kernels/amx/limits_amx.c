/* The int8 peak of AMX: products of whole tiles into six independent ones, which covers the
 * latency of about 52 cycles where one product can begin every 16. */
#include "kernels/limits.h"

#include "kernels/amx/tiles_amx.h"

enum { TILES = 6, ROWS = 16, TILE_MACS = 16 * 16 * 64 };

uint64_t lnr_peak_i8_amx(size_t n, const void *x, const void *y, uint64_t *macs) {
    uint32_t result[TILES][ROWS * 16];
    uint64_t total = 0;
    tiles_fence();
    _tile_loadconfig(&tiles_of_64);
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    _tile_zero(4);
    _tile_zero(5);
    _tile_loadd(6, x, 64);
    _tile_loadd(7, y, 64);
    for (size_t round = 0; round < n; round++) { /* at most 2^20 times 64 in each sum */
        _tile_dpbusd(0, 6, 7);
        _tile_dpbusd(1, 6, 7);
        _tile_dpbusd(2, 6, 7);
        _tile_dpbusd(3, 6, 7);
        _tile_dpbusd(4, 6, 7);
        _tile_dpbusd(5, 6, 7);
    }
    _tile_stored(0, result[0], 64);
    _tile_stored(1, result[1], 64);
    _tile_stored(2, result[2], 64);
    _tile_stored(3, result[3], 64);
    _tile_stored(4, result[4], 64);
    _tile_stored(5, result[5], 64);
    _tile_release();
    tiles_fence();
    for (int i = 0; i < TILES; i++)
        for (int j = 0; j < ROWS * 16; j++)
            total += result[i][j];
    *macs = (uint64_t)n * TILES * TILE_MACS;
    return total;
}
