/* The nearest name by edit distance: insertions, deletions, replacements and swaps of neighbours
 * cost one each (optimal string alignment). A name that the word abbreviates or extends counts as
 * one edit, so that "--temperature" finds "--temp". Words longer than any name of ours are not
 * compared. */
#include "app/nearest.h"

#include <stdbool.h>
#include <string.h>

#define WORD_MAX 40
#define FAR      (WORD_MAX + 1)

static unsigned min2(unsigned a, unsigned b) {
    return a < b ? a : b;
}

static bool extends(const char *longer, const char *shorter) {
    size_t n = strlen(shorter);
    return n >= 3 && strncmp(longer, shorter, n) == 0;
}

static unsigned distance(const char *a, const char *b) {
    size_t n_a = strlen(a), n_b = strlen(b);
    if (n_a > WORD_MAX || n_b > WORD_MAX)
        return FAR;
    /* Rows i - 2, i - 1 and i of the table; a swap looks two rows back. */
    unsigned row[3][WORD_MAX + 1];
    for (size_t j = 0; j <= n_b; j++)
        row[0][j] = (unsigned)j;
    for (size_t i = 1; i <= n_a; i++) {
        unsigned *now = row[i % 3];
        const unsigned *last = row[(i + 2) % 3], *before = row[(i + 1) % 3];
        now[0] = (unsigned)i;
        for (size_t j = 1; j <= n_b; j++) {
            unsigned best = last[j - 1] + (a[i - 1] != b[j - 1]);
            best = min2(best, min2(last[j], now[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                best = min2(best, before[j - 2] + 1);
            now[j] = best;
        }
    }
    unsigned edits = row[n_a % 3][n_b];
    return edits > 1 && (extends(a, b) || extends(b, a)) ? 1 : edits;
}

const char *app_nearest(const char *word, const char *const *names, size_t n) {
    const char *nearest = NULL;
    /* One edit per three letters: "rnu" finds "run", "xyz" finds nothing. */
    unsigned allowed = (unsigned)min2((unsigned)strnlen(word, WORD_MAX), WORD_MAX) / 3;
    unsigned best = (allowed ? allowed : 1) + 1;
    for (size_t i = 0; i < n; i++) {
        unsigned edits = distance(word, names[i]);
        if (edits < best) {
            best = edits;
            nearest = names[i];
        }
    }
    return nearest;
}
