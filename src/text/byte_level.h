/* The alphabet of byte-level BPE vocabularies: every byte written as one printable character.
 *
 * The 188 bytes that are printable in Latin-1 stand for themselves; the 68 others, in order, are
 * U+0100 to U+0143 (GPT-2's bytes_to_unicode, published with its encoder). */
#ifndef LNR_TEXT_BYTE_LEVEL_H
#define LNR_TEXT_BYTE_LEVEL_H

#include <stdbool.h>
#include <stdint.h>

/* The others are 0x00..0x20 (33 bytes), 0x7f..0xa0 (34) and 0xad. */
static inline uint32_t byte_level_char(uint8_t b) {
    if (b <= 0x20)
        return 0x100u + b;
    if (b >= 0x7f && b <= 0xa0)
        return 0x100u + 33 + (b - 0x7fu);
    return b == 0xad ? 0x100u + 67 : b;
}

/* False for a character outside the alphabet. */
static inline bool byte_level_byte(uint32_t cp, uint8_t *b) {
    if (cp >= 0x100 && cp < 0x100 + 33)
        *b = (uint8_t)(cp - 0x100);
    else if (cp >= 0x100 + 33 && cp < 0x100 + 67)
        *b = (uint8_t)(cp - 0x100 - 33 + 0x7f);
    else if (cp == 0x100 + 67)
        *b = 0xad;
    else if (cp < 0x100 && byte_level_char((uint8_t)cp) == cp)
        *b = (uint8_t)cp;
    else
        return false;
    return true;
}

#endif
