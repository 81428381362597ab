/* What a character is and its other case, as Python's str methods have it (gen/letters_table.h). */
#ifndef LNR_TEXT_TEMPLATE_LETTERS_H
#define LNR_TEXT_TEMPLATE_LETTERS_H

#include "text/template/runtime.h"

/* In the order of scripts/make_letters_table.py. */
enum {
    LETTER_ALPHA = 1,
    LETTER_DECIMAL = 2,
    LETTER_DIGIT = 4,
    LETTER_NUMERIC = 8,
    LETTER_SPACE = 16,
    LETTER_PRINTABLE = 32,
    LETTER_UPPER = 64,
    LETTER_LOWER = 128,
    LETTER_TITLE = 256,
    LETTER_CASED = 512,
    LETTER_IGNORABLE = 1024,
};

unsigned letter_classes(uint32_t cp);

/* The text s in another case, appended to the output. */
void letters_upper(runtime *r, lnr_str s);
void letters_lower(runtime *r, lnr_str s);
void letters_title(runtime *r, lnr_str s);      /* every word: str.title() */
void letters_capitalize(runtime *r, lnr_str s); /* the first character */

/* s without white space at its ends. */
lnr_str text_trim_start(lnr_str s);
lnr_str text_trim_end(lnr_str s);

#endif
