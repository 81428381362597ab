/* UTF-8 by its definition (RFC 3629, table of well-formed byte sequences); see utf8.h. */
#include "base/utf8.h"

/* Length announced by a lead byte and the range allowed for the second byte; 0 for no lead byte. */
static size_t lead(uint8_t c, uint8_t *lo, uint8_t *hi) {
    *lo = 0x80;
    *hi = 0xbf;
    if (c < 0x80)
        return 1;
    if (c >= 0xc2 && c <= 0xdf)
        return 2;
    if (c >= 0xe0 && c <= 0xef) {
        if (c == 0xe0)
            *lo = 0xa0; /* below: overlong */
        if (c == 0xed)
            *hi = 0x9f; /* above: surrogates */
        return 3;
    }
    if (c >= 0xf0 && c <= 0xf4) {
        if (c == 0xf0)
            *lo = 0x90;
        if (c == 0xf4)
            *hi = 0x8f; /* above: past U+10FFFF */
        return 4;
    }
    return 0;
}

size_t lnr_utf8_decode(const char *p, size_t n, uint32_t *cp) {
    *cp = 0xfffd;
    if (n == 0)
        return 0;
    const uint8_t *b = (const uint8_t *)p;
    uint8_t lo, hi;
    size_t len = lead(b[0], &lo, &hi);
    if (len == 0 || len > n)
        return 0;
    if (len == 1) {
        *cp = b[0];
        return 1;
    }
    if (b[1] < lo || b[1] > hi)
        return 0;
    uint32_t v = (uint32_t)(b[0] & (0x7f >> len)) << 6 | (b[1] & 0x3f);
    for (size_t i = 2; i < len; i++) {
        if ((b[i] & 0xc0) != 0x80)
            return 0;
        v = v << 6 | (b[i] & 0x3f);
    }
    *cp = v;
    return len;
}

size_t lnr_utf8_encode(uint32_t cp, char *out) {
    if (cp < 0x80) {
        out[0] = (char)cp;
        return 1;
    }
    if (cp < 0x800) {
        out[0] = (char)(0xc0 | cp >> 6);
        out[1] = (char)(0x80 | (cp & 0x3f));
        return 2;
    }
    if (cp < 0x10000) {
        if (cp >= 0xd800 && cp <= 0xdfff)
            return 0;
        out[0] = (char)(0xe0 | cp >> 12);
        out[1] = (char)(0x80 | (cp >> 6 & 0x3f));
        out[2] = (char)(0x80 | (cp & 0x3f));
        return 3;
    }
    if (cp > 0x10ffff)
        return 0;
    out[0] = (char)(0xf0 | cp >> 18);
    out[1] = (char)(0x80 | (cp >> 12 & 0x3f));
    out[2] = (char)(0x80 | (cp >> 6 & 0x3f));
    out[3] = (char)(0x80 | (cp & 0x3f));
    return 4;
}

size_t lnr_utf8_complete(const char *p, size_t n) {
    const uint8_t *b = (const uint8_t *)p;
    for (size_t back = 1; back <= 3 && back <= n; back++) {
        uint8_t lo, hi;
        uint8_t c = b[n - back];
        if ((c & 0xc0) == 0x80)
            continue;
        size_t len = lead(c, &lo, &hi);
        if (len <= back)
            return n; /* complete, or no lead byte at all */
        if (back >= 2 && (b[n - back + 1] < lo || b[n - back + 1] > hi))
            return n; /* can never become valid */
        return n - back;
    }
    return n;
}
