/* render_json TEMPLATE VARIABLES.json [UNIX_SECONDS]: renders one template to standard output.
 *
 * Exit status 1 and one line on standard error when the template, the variables or the rendering
 * fails. The clock stands still, at UNIX_SECONDS or 0, so that outputs can be compared. */
#include "text/template/template.h"

#include <stdio.h>
#include <stdlib.h>

static int fail(const char *text) {
    fprintf(stderr, "render_json: %s\n", text);
    return 1;
}

static int read_all(const char *path, lnr_buf *out) {
    char chunk[4096];
    FILE *f = fopen(path, "rb");
    if (f == NULL)
        return 0;
    for (size_t n; (n = fread(chunk, 1, sizeof chunk, f)) > 0;)
        buf_add(out, chunk, n);
    int good = !ferror(f) && !buf_failed(out);
    fclose(f);
    return good;
}

static int render(lnr_str source, lnr_str variables, const template_clock *clock) {
    compiled_template *t;
    lnr_error err;
    lnr_buf out;
    if (template_compile(source, &t, &err) != LNR_OK)
        return fail(err.text);
    buf_init(&out);
    lnr_status st = template_render(t, variables, clock, NULL, &out, &err);
    int result = 0;
    if (st != LNR_OK)
        result = fail(err.text);
    else if (fwrite(out.p, 1, out.n, stdout) != out.n || fflush(stdout) != 0)
        result = fail("cannot write the output");
    buf_deinit(&out);
    template_destroy(t);
    return result;
}

int main(int argc, char **argv) {
    if (argc < 3 || argc > 4)
        return fail("usage: render_json TEMPLATE VARIABLES.json [UNIX_SECONDS]");
    template_clock clock = {argc > 3 ? strtoll(argv[3], NULL, 10) : 0, 0};
    lnr_buf source, variables;
    buf_init(&source);
    buf_init(&variables);
    int result;
    if (!read_all(argv[1], &source))
        result = fail("cannot read the template");
    else if (!read_all(argv[2], &variables))
        result = fail("cannot read the variables");
    else
        result = render((lnr_str){source.p ? source.p : "", source.n},
                        (lnr_str){variables.p ? variables.p : "", variables.n}, &clock);
    buf_deinit(&source);
    buf_deinit(&variables);
    return result;
}
