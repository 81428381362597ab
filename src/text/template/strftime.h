/* strftime_now's text: Python's datetime.strftime in the C locale, without the C library's clock.
 */
#ifndef LNR_TEXT_TEMPLATE_STRFTIME_H
#define LNR_TEXT_TEMPLATE_STRFTIME_H

#include "text/template/call.h"

/* Appends the time as the format has it; an unknown directive fails. */
void show_time(runtime *r, lnr_str format, const template_clock *clock);

#endif
