/* Splits a template into text and the tokens of its tags, one token at a time.
 *
 * Follows Jinja2 with trim_blocks and lstrip_blocks on: the newline after a block or comment is
 * dropped, and so are the blanks before one that begins its line; '-' beside a tag drops all white
 * space on that side, '+' keeps it. */
#ifndef LNR_TEXT_TEMPLATE_LEXER_H
#define LNR_TEXT_TEMPLATE_LEXER_H

#include "base/fail.h"
#include "base/slice.h"

/* An operator of one character is that character; the others and everything else: */
enum {
    TOKEN_END = 1,
    TOKEN_TEXT,
    TOKEN_PRINT_BEGIN,
    TOKEN_PRINT_END,
    TOKEN_BLOCK_BEGIN,
    TOKEN_BLOCK_END,
    TOKEN_NAME,
    TOKEN_STRING, /* with its quotes */
    TOKEN_INTEGER,
    TOKEN_FLOAT,
    TOKEN_EQUAL = 'E',
    TOKEN_UNEQUAL = 'N',
    TOKEN_LESS_EQUAL = 'L',
    TOKEN_GREATER_EQUAL = 'G',
    TOKEN_FLOOR_DIV = 'D',
    TOKEN_POWER = 'P',
    TOKEN_IN = 'I', /* the parser's: in, not in */
    TOKEN_NOT_IN = 'O',
};

typedef struct token {
    int kind;
    lnr_str text;
    uint32_t line;
} token;

typedef struct lexer {
    lnr_str source; /* newlines are \n */
    size_t at;
    uint32_t line;
    int inside;    /* TOKEN_PRINT_BEGIN, TOKEN_BLOCK_BEGIN, or 0 in text */
    size_t n_open; /* brackets: while one is open, }} and %} end nothing */
} lexer;

void lexer_init(lexer *l, lnr_str source);
lnr_status lexer_next(lexer *l, token *out, lnr_error *err); /* LNR_E_FORMAT */

#endif
