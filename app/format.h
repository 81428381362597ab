/* Numbers and foreign strings as text for people and for JSON. */
#ifndef LNR_APP_FORMAT_H
#define LNR_APP_FORMAT_H

#include "base/buf.h"

#define APP_NUMBER_MAX 32

/* The shortest decimal that reads back as exactly this value, always with a '.' or an exponent so
 * that it stays a float for its reader; "nan", "inf" and "-inf" else. out holds APP_NUMBER_MAX
 * bytes. */
void app_format_double(double value, char *out);
void app_format_float(float value, char *out);

/* Appends text in which nothing can move the cursor, colour a terminal or reorder a line: control
 * characters, bytes that are not UTF-8 and direction marks become \n, \x1b, \u202e and the like,
 * quotes and backslashes are escaped. At most n_max bytes of text are shown; true if that was all.
 */
bool app_add_printable(lnr_buf *out, lnr_str text, size_t n_max);

/* "3.9 MiB" */
void app_add_size(lnr_buf *out, uint64_t bytes);

/* 31,415,926 */
void app_add_grouped(lnr_buf *out, uint64_t value);

#endif
