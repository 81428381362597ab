/* Fuzzes templates: the first byte chooses the variables, the rest is the source; or, with its high
 * bit set, the rest is the variables of a fixed template, which fuzzes the reader of JSON. Two
 * renderings must agree, and a failure must say something. */
#include "fuzz.h"

#include "base/utf8.h"
#include "text/template/template.h"

#include <stdio.h>
#include <stdlib.h>

static void require(int condition, const char *what) {
    if (condition)
        return;
    fprintf(stderr, "broken promise: %s\n", what);
    abort();
}

static const char *const contexts[] = {
    "{}",
    "{\"messages\":[{\"role\":\"user\",\"content\":\"Hi \\u00e9\"},{\"role\":\"assistant\","
    "\"content\":\"<think>a</think>b\"}],\"add_generation_prompt\":true,\"bos_token\":\"<s>\"}",
    "{\"tools\":[{\"function\":{\"name\":\"f\",\"parameters\":{\"b\":[1,2.5,null],\"a\":{}}}}],"
    "\"x\":-7,\"f\":1e-7,\"l\":[3,1,2,\"a\"]}",
};

static const char fixed[] = "{{ a }}{{ a | tojson(indent=1) }}{{ a == b }}{{ a ~ b }}"
                            "{% for k in a %}{{ k }}{{ loop.last }}{% endfor %}";

/* Small enough that no input takes a second. */
static const template_limits limits = {200000, (size_t)8 << 20, (size_t)1 << 20};

static void require_valid(const lnr_buf *b) {
    uint32_t cp;
    for (size_t i = 0, len; i < b->n; i += len)
        require((len = lnr_utf8_decode(b->p + i, b->n - i, &cp)) != 0, "the output is UTF-8");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0)
        return 0;
    lnr_str rest = {(const char *)data + 1, size - 1};
    bool fuzz_json = data[0] & 128;
    lnr_str source = fuzz_json ? lnr_str_from(fixed) : rest;
    lnr_str variables = fuzz_json ? rest : lnr_str_from(contexts[data[0] % 3]);
    template_clock clock = {1753104323, 3600};
    compiled_template *t;
    lnr_error err = {.text = ""};
    if (template_compile(source, &t, &err) != LNR_OK) {
        require(t == NULL && err.text[0], "a refused template has a reason");
        return 0;
    }
    lnr_buf first, second;
    buf_init(&first);
    buf_init(&second);
    lnr_status st = template_render(t, variables, &clock, &limits, &first, &err);
    require(st == template_render(t, variables, &clock, &limits, &second, NULL),
            "rendering twice ends the same way");
    require(first.n == second.n && (first.n == 0 || memcmp(first.p, second.p, first.n) == 0),
            "rendering twice gives the same text");
    require(st == LNR_OK ? first.n <= limits.output_bytes : first.n == 0 && err.text[0],
            "a failure leaves no output and has a reason");
    require_valid(&first);
    buf_deinit(&first);
    buf_deinit(&second);
    template_destroy(t);
    return 0;
}
