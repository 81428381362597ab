/* Reads what the rows of sampling_options.h leave as text. */
#include "cli/sampling_options.h"

#include <ctype.h>
#include <stdlib.h>

/* "17=-2.5", "17=-inf" */
static bool parse_bias(const char *text, lnr_logit_bias *out) {
    char *end;
    if (!isdigit((unsigned char)*text))
        return false;
    unsigned long id = strtoul(text, &end, 10);
    if (*end != '=' || id > INT32_MAX)
        return false;
    out->token = (int32_t)id;
    const char *value = end + 1;
    if (strcmp(value, "-inf") == 0) {
        out->bias = -__builtin_inff();
        return true;
    }
    if (*value == '\0' || value[strspn(value, "0123456789+-.eE")] != '\0')
        return false;
    out->bias = strtof(value, &end);
    return *end == '\0' && out->bias >= -FLT_MAX && out->bias <= FLT_MAX;
}

static lnr_status finish_bias(sampling_options *m, lnr_sampler_options *s, lnr_error *err) {
    for (size_t i = 0; i < m->logit_bias.n; i++)
        if (!parse_bias(m->logit_bias.item[i], &m->bias[i]))
            return LNR_FAIL(err, LNR_E_ARGUMENT,
                            "option '--logit-bias' cannot be '%s': give ID=VALUE, VALUE a number "
                            "or -inf",
                            m->logit_bias.item[i]);
    s->logit_bias = m->bias;
    s->n_logit_bias = m->logit_bias.n;
    return LNR_OK;
}

static lnr_status finish_samplers(sampling_options *m, lnr_sampler_options *s, lnr_error *err) {
    if (m->samplers == NULL)
        return LNR_OK;
    size_t n = strlen(m->samplers);
    if (n >= sizeof m->names)
        return LNR_FAIL(err, LNR_E_ARGUMENT, "option '--samplers' has %zu characters, %zu allowed",
                        n, sizeof m->names - 1);
    memcpy(m->names, m->samplers, n + 1);
    s->samplers = m->step;
    s->n_samplers = 0;
    for (char *at = m->names; n > 0 && at;) {
        char *next = strpbrk(at, ";,");
        if (next)
            *next++ = '\0';
        at += strspn(at, " ");
        for (char *p = at; *p; p++) /* top-k is top_k */
            *p = *p == '-' ? '_' : *p;
        if (s->n_samplers == SAMPLING_STEPS_MAX)
            return LNR_FAIL(err, LNR_E_ARGUMENT, "option '--samplers' names more than %d steps",
                            SAMPLING_STEPS_MAX);
        m->step[s->n_samplers++] = at;
        at = next;
    }
    return LNR_OK;
}

static lnr_status finish_logprobs(sampling_options *m, lnr_error *err) {
    const char *text = m->logprobs;
    if (text == NULL)
        return LNR_OK;
    size_t n_digits = strspn(text, "0123456789");
    m->n_top_logprobs = (uint32_t)strtoul(text, NULL, 10);
    if (n_digits == 0 || n_digits > 2 || text[n_digits] != '\0' ||
        m->n_top_logprobs > LNR_TOP_LOGPROBS_MAX)
        return LNR_FAIL(err, LNR_E_ARGUMENT, "option '--logprobs' cannot be '%s': give 0 to %d",
                        text, LNR_TOP_LOGPROBS_MAX);
    return LNR_OK;
}

lnr_status sampling_options_finish(sampling_options *m, lnr_sampler_options *s, lnr_error *err) {
    LNR_TRY(finish_bias(m, s, err));
    LNR_TRY(finish_samplers(m, s, err));
    LNR_TRY(finish_logprobs(m, err));
    if (m->dry_breakers.n > 0) {
        s->dry_breakers = m->dry_breakers.item;
        s->n_dry_breakers = m->dry_breakers.n;
    }
    return lnr_sampler_check(s, err);
}

void sampling_options_apply(const sampling_options *m, lnr_request_options *request) {
    request->min_tokens = m->min_tokens;
    request->ignore_end = m->ignore_end;
    request->stop = m->stop.item;
    request->n_stop = m->stop.n;
    request->logprobs = m->logprobs != NULL;
    request->n_top_logprobs = m->n_top_logprobs;
}
