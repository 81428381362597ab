/* Text forms of numbers and of strings from files; see format.h. Relies on the "C" locale, which
 * every program starts in and lanner never leaves. */
#include "app/format.h"

#include "base/utf8.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Makes "3" a "3.0". */
static void keep_float(char *text) {
    if (text[strspn(text, "-0123456789")] == '\0')
        strcat(text, ".0");
}

/* 15 digits survive text -> double -> text, 17 survive double -> text -> double; the first that
 * comes back is the shortest that matters. For floats 6 and 9. */
void app_format_double(double value, char *out) {
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(out, APP_NUMBER_MAX, "%.*g", digits, value);
        if (!isfinite(value))
            return;
        if (strtod(out, NULL) == value)
            break;
    }
    keep_float(out);
}

void app_format_float(float value, char *out) {
    for (int digits = 6; digits <= 9; digits++) {
        snprintf(out, APP_NUMBER_MAX, "%.*g", digits, (double)value);
        if (!isfinite(value))
            return;
        if (strtof(out, NULL) == value)
            break;
    }
    keep_float(out);
}

/* C0, DEL, C1, line separators, and the marks that reorder what follows them (Unicode TR 36). */
static bool is_unsafe(uint32_t cp) {
    return cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || cp == 0x61c || cp == 0x200e || cp == 0x200f ||
           (cp >= 0x2028 && cp <= 0x202e) || (cp >= 0x2066 && cp <= 0x2069) || cp == 0xfeff;
}

static void add_character(lnr_buf *out, const char *p, size_t n, uint32_t cp) {
    static const char short_form[] = "\nn\rr\tt\"\"\\\\";
    if (n == 0) {
        buf_printf(out, "\\x%02x", (unsigned)(unsigned char)*p);
        return;
    }
    for (const char *s = short_form; *s; s += 2)
        if (cp == (unsigned char)s[0]) {
            buf_add_char(out, '\\');
            buf_add_char(out, s[1]);
            return;
        }
    if (!is_unsafe(cp))
        buf_add(out, p, n);
    else
        buf_printf(out, cp < 0x80 ? "\\x%02" PRIx32 : "\\u%04" PRIx32, cp);
}

bool app_add_printable(lnr_buf *out, lnr_str text, size_t n_max) {
    size_t i = 0;
    while (i < text.n) {
        uint32_t cp;
        size_t n = lnr_utf8_decode(text.p + i, text.n - i, &cp);
        size_t step = n ? n : 1;
        if (i + step > n_max)
            return false;
        add_character(out, text.p + i, n, cp);
        i += step;
    }
    return true;
}

void app_add_size(lnr_buf *out, uint64_t bytes) {
    static const char *const unit[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    if (bytes < 1024) {
        buf_printf(out, "%" PRIu64 " bytes", bytes);
        return;
    }
    double value = (double)bytes / 1024;
    size_t i = 0;
    while (value >= 1024) {
        value /= 1024;
        i++;
    }
    buf_printf(out, "%.1f %s", value, unit[i]);
}

void app_add_grouped(lnr_buf *out, uint64_t value) {
    char digits[APP_NUMBER_MAX];
    int n = snprintf(digits, sizeof digits, "%" PRIu64, value);
    for (int i = 0; i < n; i++) {
        if (i > 0 && (n - i) % 3 == 0)
            buf_add_char(out, ',');
        buf_add_char(out, digits[i]);
    }
}
