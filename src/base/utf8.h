/* Decoding and encoding of single UTF-8 characters, strict as RFC 3629 says: no overlong forms, no
 * surrogates, nothing above U+10FFFF. Everything that reads text from outside goes through here. */
#ifndef LNR_BASE_UTF8_H
#define LNR_BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

#define LNR_UTF8_MAX 4

/* Length in bytes of the character at p (n bytes readable), its code point in *cp; 0 if p does not
 * start a complete valid character. */
size_t lnr_utf8_decode(const char *p, size_t n, uint32_t *cp);

/* Writes cp to out (LNR_UTF8_MAX bytes) and returns the length; 0 if cp is no Unicode scalar value.
 */
size_t lnr_utf8_encode(uint32_t cp, char *out);

/* How many bytes of p belong to complete characters if the text may go on later: n, or less by the
 * 1 to 3 bytes of an incomplete but so far valid character at the end. Invalid bytes count as
 * complete. */
size_t lnr_utf8_complete(const char *p, size_t n);

#endif
