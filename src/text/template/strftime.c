/* Dates from seconds, and their text; see strftime.h. */
#include "text/template/strftime.h"

#include <inttypes.h>
#include <stdio.h>

typedef struct date {
    int64_t year;
    int month, day, hour, minute, second; /* month 0..11, day 1..31 */
    int weekday, yearday;                 /* 0 = Sunday; 0 = the first of January */
} date;

static bool is_leap(int64_t year) {
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* Days from 0001-01-01 to the first of January of year >= 1. */
static int64_t days_before(int64_t year) {
    int64_t y = year - 1;
    return y * 365 + y / 4 - y / 100 + y / 400;
}

/* Years 1 to 9999, as in Python; the clock is clamped to them. */
static date date_from(const template_clock *clock) {
    static const int month_days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const int64_t epoch = 719162, first = -62135596800, last = 253402300799;
    int64_t t = clock->unix_seconds;
    t = t < first + 86400 ? first + 86400 : t > last - 86400 ? last - 86400 : t;
    t += clock->utc_offset_seconds % 86400;
    int64_t day = t / 86400 - (t % 86400 < 0), second = t - day * 86400;
    day += epoch; /* since 0001-01-01, a Monday */
    date d = {.hour = (int)(second / 3600),
              .minute = (int)(second / 60 % 60),
              .second = (int)(second % 60),
              .weekday = (int)((day + 1) % 7),
              .year = day / 366 + 1};
    while (days_before(d.year + 1) <= day)
        d.year++;
    d.yearday = (int)(day - days_before(d.year));
    d.day = d.yearday;
    for (;; d.month++) {
        int n = month_days[d.month] + (d.month == 1 && is_leap(d.year));
        if (d.day < n)
            break;
        d.day -= n;
    }
    d.day++;
    return d;
}

/* Number of the week that begins with weekday `first`; days before the first such are in week 0. */
static int week_of(const date *d, int first) {
    return (d->yearday + 7 - (d->weekday - first + 7) % 7) / 7;
}

typedef struct time_writer {
    runtime *r;
    const date *date;
    const template_clock *clock;
    bool unpadded; /* %-d */
} time_writer;

static void add_number(time_writer *w, int64_t x, int width, char pad) {
    char text[32];
    if (w->unpadded)
        snprintf(text, sizeof text, "%" PRId64, x);
    else if (pad == '0')
        snprintf(text, sizeof text, "%0*" PRId64, width, x);
    else
        snprintf(text, sizeof text, "%*" PRId64, width, x);
    out_add_str(w->r, text);
}

static bool add_directive(time_writer *w, char c);

static void add_all(time_writer *w, const char *directives, char separator) {
    for (; *directives; directives++) {
        add_directive(w, *directives);
        if (directives[1])
            out_add_char(w->r, separator);
    }
}

static bool add_name(time_writer *w, char c) {
    static const char *const months[] = {"January",   "February", "March",    "April",
                                         "May",       "June",     "July",     "August",
                                         "September", "October",  "November", "December"};
    static const char *const days[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                       "Thursday", "Friday", "Saturday"};
    const char *month = months[w->date->month], *day = days[w->date->weekday];
    switch (c) {
    case 'B':
        out_add_str(w->r, month);
        return true;
    case 'b':
    case 'h':
        out_add(w->r, month, 3);
        return true;
    case 'A':
        out_add_str(w->r, day);
        return true;
    case 'a':
        out_add(w->r, day, 3);
        return true;
    case 'p':
        out_add_str(w->r, w->date->hour < 12 ? "AM" : "PM");
        return true;
    case '%':
        out_add_char(w->r, '%');
        return true;
    case 'n':
        out_add_char(w->r, '\n');
        return true;
    case 't':
        out_add_char(w->r, '\t');
        return true;
    case 'f': /* the clock has whole seconds */
        out_add_str(w->r, "000000");
        return true;
    case 'z': /* a naive datetime has no zone */
    case 'Z':
        return true;
    default:
        return false;
    }
}

static bool add_combined(time_writer *w, char c) {
    switch (c) {
    case 'F':
        add_all(w, "Ymd", '-');
        return true;
    case 'T':
    case 'X':
        add_all(w, "HMS", ':');
        return true;
    case 'R':
        add_all(w, "HM", ':');
        return true;
    case 'D':
    case 'x':
        add_all(w, "mdy", '/');
        return true;
    case 'r':
        add_all(w, "IMS", ':');
        out_add_char(w->r, ' ');
        return add_directive(w, 'p');
    case 'c':
        add_all(w, "abeTY", ' ');
        return true;
    default:
        return add_name(w, c);
    }
}

static bool add_directive(time_writer *w, char c) {
    const date *d = w->date;
    int hour12 = d->hour % 12 ? d->hour % 12 : 12;
    switch (c) {
    case 'Y':
        w->unpadded = true; /* glibc does not pad the year */
        add_number(w, d->year, 0, '0');
        w->unpadded = false;
        return true;
    case 'C':
        add_number(w, d->year / 100, 2, '0');
        return true;
    case 'y':
        add_number(w, d->year % 100, 2, '0');
        return true;
    case 'm':
        add_number(w, d->month + 1, 2, '0');
        return true;
    case 'd':
        add_number(w, d->day, 2, '0');
        return true;
    case 'e':
        add_number(w, d->day, 2, ' ');
        return true;
    case 'j':
        add_number(w, d->yearday + 1, 3, '0');
        return true;
    case 'H':
        add_number(w, d->hour, 2, '0');
        return true;
    case 'k':
        add_number(w, d->hour, 2, ' ');
        return true;
    case 'I':
        add_number(w, hour12, 2, '0');
        return true;
    case 'l':
        add_number(w, hour12, 2, ' ');
        return true;
    case 'M':
        add_number(w, d->minute, 2, '0');
        return true;
    case 'S':
        add_number(w, d->second, 2, '0');
        return true;
    case 's':
        add_number(w, w->clock->unix_seconds, 1, '0');
        return true;
    case 'w':
        add_number(w, d->weekday, 1, '0');
        return true;
    case 'u':
        add_number(w, d->weekday ? d->weekday : 7, 1, '0');
        return true;
    case 'U':
        add_number(w, week_of(d, 0), 2, '0');
        return true;
    case 'W':
        add_number(w, week_of(d, 1), 2, '0');
        return true;
    default:
        return add_combined(w, c);
    }
}

void show_time(runtime *r, lnr_str format, const template_clock *clock) {
    date d = date_from(clock);
    time_writer w = {.r = r, .date = &d, .clock = clock};
    for (size_t i = 0; i < format.n && runtime_step(r); i++) {
        if (format.p[i] != '%') {
            out_add_char(r, format.p[i]);
            continue;
        }
        i++;
        w.unpadded = i < format.n && format.p[i] == '-';
        i += w.unpadded;
        char c = i < format.n ? format.p[i] : '\0';
        if (!add_directive(&w, c))
            runtime_fail(r, LNR_E_UNSUPPORTED, "strftime: '%%%c' is not supported", c ? c : ' ');
    }
}
