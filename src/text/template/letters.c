/* Classes and cases of characters from generated tables; see letters.h. */
#include "text/template/letters.h"

#include "base/utf8.h"

typedef struct letters_case {
    uint32_t first, last; /* every step-th */
    int32_t step, delta;
} letters_case;

typedef struct letters_special {
    uint32_t cp, changed[3]; /* 0 ends */
} letters_special;

#include "text/template/gen/letters_table.h"

#define N_ITEMS(table) (sizeof(table) / sizeof(table)[0])

unsigned letter_classes(uint32_t cp) {
    size_t low = 0, high = N_ITEMS(letters_runs); /* the run is in low .. high - 1 */
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (letters_runs[middle] >> 11 <= cp)
            low = middle;
        else
            high = middle;
    }
    return letters_runs[low] & 0x7ff;
}

typedef struct case_table {
    const letters_case *run;
    size_t n_runs;
    const letters_special *special;
    size_t n_special;
} case_table;

#define CASE_TABLE(name)                                                                           \
    {                                                                                              \
        letters_##name##_runs, N_ITEMS(letters_##name##_runs), letters_##name##_special,           \
            N_ITEMS(letters_##name##_special)                                                      \
    }
static const case_table upper_case = CASE_TABLE(upper), lower_case = CASE_TABLE(lower),
                        title_case = CASE_TABLE(title);

static void add_in_case(runtime *r, const case_table *t, uint32_t cp) {
    size_t low = 0, high = t->n_runs;
    while (low < high) { /* the first run that ends at or after cp */
        size_t middle = low + (high - low) / 2;
        if (t->run[middle].last < cp)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < t->n_runs && cp >= t->run[low].first &&
        (cp - t->run[low].first) % (uint32_t)t->run[low].step == 0) {
        out_add_cp(r, (uint32_t)((int32_t)cp + t->run[low].delta));
        return;
    }
    for (size_t i = 0; cp >= 0x80 && i < t->n_special; i++)
        if (t->special[i].cp == cp) {
            for (int j = 0; j < 3 && t->special[i].changed[j]; j++)
                out_add_cp(r, t->special[i].changed[j]);
            return;
        }
    out_add_cp(r, cp);
}

/* The nearest character before (dir -1) or after (1) byte i that is not ignorable is a letter. */
static bool cased_beside(lnr_str s, size_t i, int dir) {
    uint32_t cp;
    for (;;) {
        if (dir < 0) {
            do {
                if (i == 0)
                    return false;
                i--;
            } while (((unsigned char)s.p[i] & 0xc0) == 0x80);
        }
        size_t len = i < s.n ? lnr_utf8_decode(s.p + i, s.n - i, &cp) : 0;
        if (len == 0)
            return false;
        unsigned classes = letter_classes(cp);
        if (!(classes & LETTER_IGNORABLE))
            return classes & LETTER_CASED;
        i += dir > 0 ? len : 0;
    }
}

static void add_lower(runtime *r, lnr_str s, size_t i, size_t len, uint32_t cp) {
    if (cp != 0x3a3)
        add_in_case(r, &lower_case, cp);
    else /* a capital sigma becomes the final one at the end of a word */
        out_add_cp(r, cased_beside(s, i, -1) && !cased_beside(s, i + len, 1) ? 0x3c2 : 0x3c3);
}

typedef enum case_mode { MODE_UPPER, MODE_LOWER, MODE_TITLE, MODE_CAPITALIZE } case_mode;

static void add_text_in(runtime *r, lnr_str s, case_mode mode) {
    uint32_t cp;
    bool in_word = false;
    for (size_t i = 0, len; i < s.n && runtime_step(r); i += len) {
        len = lnr_utf8_decode(s.p + i, s.n - i, &cp);
        if (len == 0)
            return;
        if (mode == MODE_UPPER)
            add_in_case(r, &upper_case, cp);
        else if (mode == MODE_LOWER || in_word)
            add_lower(r, s, i, len, cp);
        else
            add_in_case(r, &title_case, cp);
        unsigned letter = LETTER_UPPER | LETTER_LOWER | LETTER_TITLE | LETTER_CASED;
        in_word = mode == MODE_CAPITALIZE || (letter_classes(cp) & letter) != 0;
    }
}

void letters_upper(runtime *r, lnr_str s) {
    add_text_in(r, s, MODE_UPPER);
}

void letters_lower(runtime *r, lnr_str s) {
    add_text_in(r, s, MODE_LOWER);
}

void letters_title(runtime *r, lnr_str s) {
    add_text_in(r, s, MODE_TITLE);
}

void letters_capitalize(runtime *r, lnr_str s) {
    add_text_in(r, s, MODE_CAPITALIZE);
}

lnr_str text_trim_start(lnr_str s) {
    uint32_t cp;
    size_t len;
    while (s.n && (len = lnr_utf8_decode(s.p, s.n, &cp)) != 0 &&
           (letter_classes(cp) & LETTER_SPACE)) {
        s.p += len;
        s.n -= len;
    }
    return s;
}

lnr_str text_trim_end(lnr_str s) {
    while (s.n) {
        size_t i = s.n - 1;
        while (i > 0 && ((unsigned char)s.p[i] & 0xc0) == 0x80)
            i--;
        uint32_t cp;
        if (!lnr_utf8_decode(s.p + i, s.n - i, &cp) || !(letter_classes(cp) & LETTER_SPACE))
            break;
        s.n = i;
    }
    return s;
}
