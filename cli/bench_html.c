/* The page of `lanner bench --html`: bars of the speeds, every row under the roofs of the machine,
 * and all figures as a table. Well-formed XML without scripts or anything from elsewhere; colours
 * follow the reader's light or dark setting through CSS variables, in the drawings too. */
#include "cli/bench.h"

#include "app/format.h"

#include <lanner/machine.h>

#include <inttypes.h>
#include <math.h>
#include <string.h>

#define WIDTH 960

static const char head[] =
    "<!DOCTYPE html>\n"
    "<html xmlns=\"http://www.w3.org/1999/xhtml\" lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
    "<title>lanner bench</title>\n<style>\n"
    ":root { color-scheme: light dark; --page: #fcfcfa; --ink: #1d2430; --faint: #69717d;\n"
    "  --line: #dfe2e6; --track: #eef0f2; --pp: #2f6fb5; --tg: #c2571a; --roof: #8a929e; }\n"
    "@media (prefers-color-scheme: dark) { :root { --page: #14171c; --ink: #e6e9ee;\n"
    "  --faint: #939ba8; --line: #30363f; --track: #1f242b; --pp: #6ea8e6; --tg: #f09a5f;\n"
    "  --roof: #76808d; } }\n"
    "body { background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, sans-serif;\n"
    "  max-width: 60rem; margin: 3rem auto; padding: 0 1.25rem; }\n"
    "h1 { font-size: 1.5rem; margin: 0; letter-spacing: -0.01em; }\n"
    "h2 { font-size: 1.05rem; margin: 2.5rem 0 0.5rem; }\n"
    "p, figcaption { color: var(--faint); margin: 0.25rem 0; }\n"
    "figure { margin: 0; } svg { width: 100%; height: auto; display: block; }\n"
    "svg text { fill: var(--ink); font: 13px system-ui, sans-serif;\n"
    "  font-variant-numeric: tabular-nums; }\n"
    "svg .faint { fill: var(--faint); } svg .end { text-anchor: end; }\n"
    "svg .mid { text-anchor: middle; } svg .track { fill: var(--track); }\n"
    "svg .pp { fill: var(--pp); } svg .tg { fill: var(--tg); }\n"
    "svg .whisker { stroke: var(--ink); stroke-width: 1.5; }\n"
    "svg .grid { stroke: var(--line); stroke-width: 1; }\n"
    "svg .roof { stroke: var(--roof); stroke-width: 2; fill: none; }\n"
    "svg .point { stroke: var(--page); stroke-width: 1.5; }\n"
    ".table { overflow-x: auto; } table { border-collapse: collapse; width: 100%;\n"
    "  font-size: 13px; font-variant-numeric: tabular-nums; }\n"
    "th, td { padding: 0.3rem 0.6rem; border-bottom: 1px solid var(--line); text-align: right;\n"
    "  white-space: nowrap; } th { color: var(--faint); font-weight: 500; }\n"
    "td:first-child, th:first-child, td:nth-child(2), th:nth-child(2) { text-align: left; }\n"
    "</style>\n</head>\n<body>\n";

/* Text from outside, for XML: no mark-up, no control characters. */
static void add_escaped(lnr_buf *out, const char *text) {
    lnr_buf plain;
    buf_init(&plain);
    (void)app_add_printable(&plain, lnr_str_from(text), 200);
    out->failed |= buf_failed(&plain);
    for (size_t i = 0; i < plain.n; i++)
        switch (plain.p[i]) {
        case '&':
            buf_add_str(out, "&amp;");
            break;
        case '<':
            buf_add_str(out, "&lt;");
            break;
        case '>':
            buf_add_str(out, "&gt;");
            break;
        default:
            buf_add_char(out, plain.p[i]);
        }
    buf_deinit(&plain);
}

/* "qwen.gguf, 2 threads, 8 streams, ubatch=64": the model by the last part of its path. */
static void add_label(const bench *b, const bench_row *r, lnr_buf *out) {
    const char *name = b->model[r->model].name, *slash = strrchr(name, '/');
    add_escaped(out, slash ? slash + 1 : name);
    buf_printf(out, ", %" PRIu32 " thread%s", r->n_threads, r->n_threads == 1 ? "" : "s");
    if (r->n_streams > 1)
        buf_printf(out, ", %" PRIu32 " streams", r->n_streams);
    if (r->setup->label[0]) {
        buf_add_str(out, ", ");
        add_escaped(out, r->setup->label);
    }
}

static const char *color(const bench_row *r) {
    return r->is_prompt ? "pp" : "tg";
}

/* ---- bars
 * --------------------------------------------------------------------------------------- */

#define BAR_END 740
#define ROW_H   50

static void add_bar(const bench *b, const bench_row *r, double most, int y, lnr_buf *out) {
    bench_figures f;
    bench_figures_of(b, r, &f);
    double scale = most > 0 ? BAR_END / most : 0;
    buf_printf(out, "<text x=\"0\" y=\"%d\">%s <tspan class=\"faint\">", y + 12, r->test);
    add_label(b, r, out);
    buf_printf(out,
               "</tspan></text>\n"
               "<rect x=\"0\" y=\"%d\" width=\"%d\" height=\"18\" rx=\"3\" class=\"track\"/>\n"
               "<rect x=\"0\" y=\"%d\" width=\"%.1f\" height=\"18\" rx=\"3\" class=\"%s\"/>\n"
               "<line x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\" class=\"whisker\"/>\n",
               y + 19, BAR_END, y + 19, f.speed.value * scale, color(r), f.speed.low * scale,
               y + 28, f.speed.high * scale, y + 28);
    buf_printf(out, "<text x=\"%d\" y=\"%d\" class=\"end\">%.1f</text>\n", BAR_END + 85, y + 33,
               f.speed.value);
    bool memory = f.roofline_pct > f.peak_pct;
    buf_printf(out, "<text x=\"%d\" y=\"%d\" class=\"end faint\">%.0f %% %s</text>\n", WIDTH,
               y + 33, memory ? f.roofline_pct : f.peak_pct, memory ? "bandwidth" : "of peak");
}

/* The rows of one kind, on a scale of their own. */
static void add_bars(const bench *b, bool is_prompt, lnr_buf *out) {
    double most = 0;
    int n = 0;
    for (size_t i = 0; i < b->n_rows; i++) {
        bench_figures f;
        if (b->row[i].is_prompt != is_prompt)
            continue;
        bench_figures_of(b, &b->row[i], &f);
        most = f.speed.high > most ? f.speed.high : most;
        n++;
    }
    if (n == 0)
        return;
    buf_printf(
        out,
        "<h2>%s, tokens per second</h2>\n<figure>\n<svg xmlns=\"http://www.w3.org/2000/svg\" "
        "viewBox=\"0 0 %d %d\" role=\"img\">\n",
        is_prompt ? "Prompt" : "Generation", WIDTH, n * ROW_H);
    int y = 0;
    for (size_t i = 0; i < b->n_rows; i++)
        if (b->row[i].is_prompt == is_prompt) {
            add_bar(b, &b->row[i], most, y, out);
            y += ROW_H;
        }
    buf_add_str(out, "</svg>\n</figure>\n");
}

/* ---- roofs
 * -------------------------------------------------------------------------------------- */

#define ROOF_H 380
#define LEFT   70
#define RIGHT  (WIDTH - 150)
#define TOP    20
#define BOTTOM (ROOF_H - 45)

/* Both axes are logarithmic, in powers of two. */
typedef struct axes {
    double x_min, x_max, y_min, y_max;
} axes;

static double at_x(const axes *a, double x) {
    return LEFT + (log2(x) - a->x_min) / (a->x_max - a->x_min) * (RIGHT - LEFT);
}

static double at_y(const axes *a, double y) {
    return BOTTOM - (log2(y) - a->y_min) / (a->y_max - a->y_min) * (BOTTOM - TOP);
}

typedef struct point {
    double intensity, gmacs; /* multiply-adds per byte read, 10^9 of them per second */
} point;

static point point_of(const bench_row *r, const bench_figures *f) {
    double macs = r->int8_per_token + r->f32_per_token;
    return (point){r->bytes_per_token > 0 ? macs / r->bytes_per_token : 1,
                   macs * f->speed.value * 1e-9};
}

/* The widest limits of all rows, and axes that hold them and every point. */
static axes choose_axes(const bench *b, double *gbps, double *gmacs) {
    axes a = {0, 0, 0, 0};
    *gbps = *gmacs = 1e-3;
    double x_low = 1, x_high = 1, y_low = 1e30;
    for (size_t i = 0; i < b->n_rows; i++) {
        bench_figures f;
        bench_figures_of(b, &b->row[i], &f);
        point p = point_of(&b->row[i], &f);
        *gbps = f.limit_gbps > *gbps ? f.limit_gbps : *gbps;
        *gmacs = f.int8_gmacs > *gmacs ? f.int8_gmacs : *gmacs;
        x_low = p.intensity < x_low ? p.intensity : x_low;
        x_high = p.intensity > x_high ? p.intensity : x_high;
        y_low = p.gmacs < y_low ? p.gmacs : y_low;
    }
    double ridge = *gmacs / *gbps;
    x_high = ridge > x_high ? ridge : x_high;
    a.x_min = floor(log2(x_low)) - 1;
    a.x_max = ceil(log2(x_high)) + 1;
    a.y_min = floor(log2(y_low > 1e-3 ? y_low : 1e-3)) - 1;
    a.y_max = ceil(log2(*gmacs)) + 1;
    return a;
}

static void add_grid(const axes *a, lnr_buf *out) {
    for (double x = a->x_min; x <= a->x_max; x += 1)
        buf_printf(out,
                   "<line x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\" class=\"grid\"/>\n"
                   "<text x=\"%.1f\" y=\"%d\" class=\"mid faint\">%g</text>\n",
                   at_x(a, exp2(x)), TOP, at_x(a, exp2(x)), BOTTOM, at_x(a, exp2(x)), BOTTOM + 18,
                   exp2(x));
    for (double y = a->y_min; y <= a->y_max; y += 2)
        buf_printf(out,
                   "<line x1=\"%d\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\" class=\"grid\"/>\n"
                   "<text x=\"%d\" y=\"%.1f\" class=\"end faint\">%g</text>\n",
                   LEFT, at_y(a, exp2(y)), RIGHT, at_y(a, exp2(y)), LEFT - 8, at_y(a, exp2(y)) + 4,
                   exp2(y));
    buf_printf(out,
               "<text x=\"%d\" y=\"%d\" class=\"mid faint\">multiply-adds per byte read</text>\n",
               (LEFT + RIGHT) / 2, ROOF_H - 6);
}

static void add_roofs(const bench *b, lnr_buf *out) {
    double gbps, gmacs;
    axes a = choose_axes(b, &gbps, &gmacs);
    double ridge = gmacs / gbps, x0 = exp2(a.y_min) / gbps; /* where the slope leaves the floor */
    if (x0 < exp2(a.x_min))
        x0 = exp2(a.x_min);
    buf_printf(out,
               "<h2>Under the roofs of this machine, 10<sup>9</sup> multiply-adds per second</h2>\n"
               "<figure>\n<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" "
               "role=\"img\">\n",
               WIDTH, ROOF_H);
    add_grid(&a, out);
    buf_printf(out,
               "<polyline class=\"roof\" points=\"%.1f,%.1f %.1f,%.1f %d,%.1f\"/>\n"
               "<text x=\"%d\" y=\"%.1f\" class=\"faint\">int8 peak %.0f</text>\n"
               "<text x=\"%.1f\" y=\"%.1f\" class=\"faint end\">%.1f GB/s</text>\n",
               at_x(&a, x0), at_y(&a, x0 * gbps), at_x(&a, ridge), at_y(&a, gmacs), RIGHT,
               at_y(&a, gmacs), RIGHT + 8, at_y(&a, gmacs) + 4, gmacs,
               at_x(&a, sqrt(x0 * ridge)) - 10, at_y(&a, sqrt(x0 * ridge) * gbps), gbps);
    for (size_t i = 0; i < b->n_rows; i++) {
        const bench_row *r = &b->row[i];
        bench_figures f;
        bench_figures_of(b, r, &f);
        point p = point_of(r, &f);
        if (!(p.gmacs > 0))
            continue;
        buf_printf(out, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"6\" class=\"point %s\"><title>",
                   at_x(&a, p.intensity), at_y(&a, p.gmacs), color(r));
        buf_printf(out, "%s, ", r->test);
        add_label(b, r, out);
        buf_printf(out, ": %.1f tokens/s</title></circle>\n", f.speed.value);
    }
    buf_add_str(out, "</svg>\n<figcaption>Each point is a test (its name is shown under the "
                     "pointer). Left of the ridge memory is the limit, right of it the "
                     "multiply-adds.</figcaption>\n</figure>\n");
}

/* ---- the page
 * ----------------------------------------------------------------------------------- */

static void add_table(const bench *b, lnr_buf *out) {
    buf_add_str(out, "<h2>All figures</h2>\n<div class=\"table\"><table>\n<tr><th>model</th>"
                     "<th>test</th><th>tokens/s</th><th>interval</th><th>GB/s</th>"
                     "<th>of bandwidth</th><th>of peak</th><th>first token</th><th>memory</th>"
                     "</tr>\n");
    for (size_t i = 0; i < b->n_rows; i++) {
        const bench_row *r = &b->row[i];
        bench_figures f;
        bench_figures_of(b, r, &f);
        buf_add_str(out, "<tr><td>");
        add_label(b, r, out);
        buf_printf(out,
                   "</td><td>%s</td><td>%.2f</td><td>%.2f to %.2f</td><td>%.2f</td>"
                   "<td>%.1f %%</td><td>%.1f %%</td><td>%.1f ms</td><td>",
                   r->test, f.speed.value, f.speed.low, f.speed.high, f.gbps, f.roofline_pct,
                   f.peak_pct, f.ttft_ms);
        app_add_size(out, f.rss_bytes);
        buf_add_str(out, "</td></tr>\n");
    }
    buf_add_str(out, "</table></div>\n");
}

void bench_report_html(const bench *b, lnr_buf *out) {
    lnr_machine_info info;
    lnr_machine_get_info(&info);
    buf_add_str(out, head);
    buf_add_str(out, "<h1>lanner bench</h1>\n<p>");
    add_escaped(out, info.cpu);
    buf_printf(out, ", %" PRIu32 " CPUs, %s; lanner %s</p>\n", info.n_granted, lnr_isa(),
               lnr_version());
    buf_printf(out,
               "<p>Medians of %" PRIu32 " repetitions, each between two measurements of the "
               "limits; lines in the bars are the intervals of the medians.</p>\n",
               b->o->n_reps);
    add_bars(b, false, out);
    add_bars(b, true, out);
    add_roofs(b, out);
    add_table(b, out);
    buf_add_str(out, "</body>\n</html>\n");
}
