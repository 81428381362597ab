/* Ranges by table, names of the chain, and the copy that a request keeps; see options.h. Steps at
 * their off value are left out of the chain here, so that "off equals absent" needs no other proof.
 */
#include "sample/options.h"

#include "base/alloc.h"

#include <float.h>
#include <inttypes.h>
#include <string.h>

static const char *const step_names[] = {
#define X(name, text) text,
    SAMPLE_STEP_LIST(X)
#undef X
        NULL};

const char *const *sample_step_names(void) {
    return step_names;
}

void sampler_options_off(lnr_sampler_options *o) {
    static const char *const breakers[] = {"\n", ":", "\"", "*"};
    *o = (lnr_sampler_options){.struct_size = sizeof *o,
                               .temperature = 1.0f,
                               .top_p = 1.0f,
                               .dynatemp_exponent = 1.0f,
                               .tfs_z = 1.0f,
                               .typical_p = 1.0f,
                               .xtc_threshold = 0.1f,
                               .repeat_penalty = 1.0f,
                               .penalty_last_n = 64,
                               .dry_base = 1.75f,
                               .dry_allowed_length = 2,
                               .dry_penalty_last_n = -1,
                               .dry_breakers = breakers,
                               .n_dry_breakers = sizeof breakers / sizeof breakers[0],
                               .mirostat_tau = 5.0f,
                               .mirostat_eta = 0.1f};
}

void sampler_options_defaults(lnr_sampler_options *o) {
    sampler_options_off(o);
    o->temperature = 0.8f;
    o->top_k = 40;
    o->top_p = 0.95f;
    o->min_p = 0.05f;
}

lnr_status sampler_options_take(const lnr_sampler_options *given, lnr_sampler_options *known,
                                lnr_error *err) {
    sampler_options_off(known);
    size_t n = given->struct_size;
    if (n < sizeof n)
        return LNR_FAIL(err, LNR_E_ARGUMENT,
                        "lnr_sampler_options.struct_size is %zu, sizeof(lnr_sampler_options) "
                        "expected",
                        n);
    for (size_t i = sizeof *known; i < n; i++)
        if (((const char *)given)[i] != 0)
            return LNR_FAIL(err, LNR_E_ARGUMENT,
                            "lnr_sampler_options sets a member at byte %zu that this version does "
                            "not know",
                            i);
    memcpy(known, given, n < sizeof *known ? n : sizeof *known);
    return LNR_OK;
}

/* ---- checks
 * -------------------------------------------------------------------------------------- */

/* One number of type float: min to max, the minimum itself excluded where `above` is set. */
typedef struct float_range {
    const char *name;
    size_t offset;
    float min, max;
    bool above;
    const char *allowed;
} float_range;

#define AT(member) #member, offsetof(lnr_sampler_options, member)

static const float_range float_ranges[] = {
    {AT(temperature), 0, FLT_MAX, false,
     "0 (always the most probable token) or a finite number above"},
    {AT(top_p), 0, 1, true, "above 0 and at most 1 (1: off)"},
    {AT(min_p), 0, 1, false, "0 (off) to 1"},
    {AT(dynatemp_range), 0, FLT_MAX, false, "0 (off) or a finite number above"},
    {AT(dynatemp_exponent), 0, 100, true, "above 0 and at most 100"},
    {AT(top_n_sigma), 0, FLT_MAX, false, "0 (off) or a finite number above"},
    {AT(tfs_z), 0, 1, true, "above 0 and at most 1 (1: off)"},
    {AT(typical_p), 0, 1, true, "above 0 and at most 1 (1: off)"},
    {AT(xtc_probability), 0, 1, false, "0 (off) to 1"},
    {AT(xtc_threshold), 0, 1, false, "0 to 1 (above 0.5: off)"},
    {AT(repeat_penalty), 0, 1e6f, true, "above 0 and at most 1e6 (1: off)"},
    {AT(frequency_penalty), -100, 100, false, "-100 to 100 (0: off)"},
    {AT(presence_penalty), -100, 100, false, "-100 to 100 (0: off)"},
    {AT(dry_multiplier), 0, 1e6f, false, "0 (off) to 1e6"},
    {AT(dry_base), 1, 100, false, "1 to 100"},
    {AT(mirostat_tau), 0, 100, true, "above 0 and at most 100"},
    {AT(mirostat_eta), 0, 1, true, "above 0 and at most 1"},
};

/* NaN fails every comparison, so it is refused with the rest. */
static lnr_status check_floats(const lnr_sampler_options *o, lnr_error *err) {
    for (size_t i = 0; i < sizeof float_ranges / sizeof float_ranges[0]; i++) {
        const float_range *r = &float_ranges[i];
        float value;
        memcpy(&value, (const char *)o + r->offset, sizeof value);
        if (!(value >= r->min && value <= r->max) || (r->above && value == r->min))
            return LNR_FAIL(err, LNR_E_ARGUMENT, "%s is %g; allowed is %s", r->name, (double)value,
                            r->allowed);
    }
    return LNR_OK;
}

static lnr_status check_window(const char *name, int32_t n, lnr_error *err) {
    if (n < -1)
        return LNR_FAIL(err, LNR_E_ARGUMENT,
                        "%s is %" PRId32 "; allowed is -1 (all tokens), 0 (off) or more", name, n);
    return LNR_OK;
}

static lnr_status check_integers(const lnr_sampler_options *o, lnr_error *err) {
    LNR_TRY(check_window("penalty_last_n", o->penalty_last_n, err));
    LNR_TRY(check_window("dry_penalty_last_n", o->dry_penalty_last_n, err));
    if (o->dry_allowed_length == 0)
        return LNR_FAIL(err, LNR_E_ARGUMENT, "dry_allowed_length is 0; allowed is 1 or more");
    if (o->mirostat > 2)
        return LNR_FAIL(err, LNR_E_ARGUMENT, "mirostat is %" PRIu32 "; allowed is 0 (off), 1 or 2",
                        o->mirostat);
    return LNR_OK;
}

static lnr_status check_breakers(const lnr_sampler_options *o, lnr_error *err) {
    if (o->n_dry_breakers > LNR_DRY_BREAKERS_MAX)
        return LNR_FAIL(err, LNR_E_ARGUMENT, "dry_breakers are %zu texts; allowed are 0 to %d",
                        o->n_dry_breakers, LNR_DRY_BREAKERS_MAX);
    for (size_t i = 0; i < o->n_dry_breakers; i++) {
        size_t n = strlen(o->dry_breakers[i]);
        if (n == 0 || n > LNR_DRY_BREAKER_BYTES_MAX)
            return LNR_FAIL(err, LNR_E_ARGUMENT,
                            "dry_breakers %zu has %zu bytes; allowed is 1 to %d", i, n,
                            LNR_DRY_BREAKER_BYTES_MAX);
    }
    return LNR_OK;
}

static lnr_status check_bias(const lnr_sampler_options *o, lnr_error *err) {
    if (o->n_logit_bias > LNR_LOGIT_BIAS_MAX)
        return LNR_FAIL(err, LNR_E_ARGUMENT, "logit_bias has %zu entries; allowed are 0 to %d",
                        o->n_logit_bias, LNR_LOGIT_BIAS_MAX);
    for (size_t i = 0; i < o->n_logit_bias; i++) {
        const lnr_logit_bias *b = &o->logit_bias[i];
        if (!(b->bias <= FLT_MAX))
            return LNR_FAIL(err, LNR_E_ARGUMENT,
                            "logit_bias of token %" PRId32
                            " is %g; allowed is a finite number or -inf",
                            b->token, (double)b->bias);
        if (b->token < 0)
            return LNR_FAIL(err, LNR_E_ARGUMENT,
                            "logit_bias names token %" PRId32 "; ids begin at 0", b->token);
    }
    return LNR_OK;
}

/* ---- the chain
 * ----------------------------------------------------------------------------------- */

/* Also the short names that other programs use. */
static int step_find(const char *name) {
    static const struct {
        const char *name;
        sample_step step;
    } others[] = {{"typ_p", SAMPLE_TYPICAL},
                  {"typical", SAMPLE_TYPICAL},
                  {"tfs", SAMPLE_TFS},
                  {"temp", SAMPLE_TEMPERATURE}};
    for (int s = 0; s < SAMPLE_STEPS; s++)
        if (strcmp(name, step_names[s]) == 0)
            return s;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (strcmp(name, others[i].name) == 0)
            return (int)others[i].step;
    return -1;
}

/* The steps as named, on or off. */
static lnr_status parse_chain(const lnr_sampler_options *o, uint8_t *chain, uint32_t *n,
                              lnr_error *err) {
    unsigned seen = 0;
    *n = 0;
    if (o->samplers == NULL)
        for (uint8_t s = 0; s < SAMPLE_STEPS; s++)
            chain[(*n)++] = s;
    for (size_t i = 0; o->samplers && i < o->n_samplers; i++) {
        int s = step_find(o->samplers[i]);
        if (s < 0)
            return LNR_FAIL(err, LNR_E_ARGUMENT,
                            "samplers names '%.40s'; allowed are penalties, dry, top_n_sigma, "
                            "top_k, tfs_z, typical_p, top_p, min_p, xtc, temperature",
                            o->samplers[i]);
        if (seen >> s & 1)
            return LNR_FAIL(err, LNR_E_ARGUMENT, "samplers names '%s' twice; allowed is once",
                            step_names[s]);
        seen |= 1u << s;
        chain[(*n)++] = (uint8_t)s;
    }
    return LNR_OK;
}

static bool penalties_on(const lnr_sampler_options *o) {
    return o->penalty_last_n != 0 && (o->repeat_penalty != 1.0f || o->frequency_penalty != 0.0f ||
                                      o->presence_penalty != 0.0f);
}

static bool step_on(const lnr_sampler_options *o, sample_step s) {
    switch (s) {
    case SAMPLE_PENALTIES:
        return penalties_on(o);
    case SAMPLE_DRY:
        return o->dry_multiplier > 0.0f && o->dry_penalty_last_n != 0;
    case SAMPLE_TOP_N_SIGMA:
        return o->top_n_sigma > 0.0f;
    case SAMPLE_TOP_K:
        return o->top_k > 0;
    case SAMPLE_TFS:
        return o->tfs_z < 1.0f;
    case SAMPLE_TYPICAL:
        return o->typical_p < 1.0f;
    case SAMPLE_TOP_P:
        return o->top_p < 1.0f;
    case SAMPLE_MIN_P:
        return o->min_p > 0.0f;
    case SAMPLE_XTC:
        return o->xtc_probability > 0.0f && o->xtc_threshold <= 0.5f;
    case SAMPLE_TEMPERATURE:
        return o->temperature != 1.0f || o->dynatemp_range > 0.0f;
    case SAMPLE_STEPS:
        break;
    }
    return false;
}

/* Mirostat replaces the truncations and applies the temperature itself; at temperature 0 neither
 * has an effect. */
static bool step_has_effect(const lnr_sampler_options *o, sample_step s) {
    bool edits = s == SAMPLE_PENALTIES || s == SAMPLE_DRY;
    return edits || (o->temperature > 0.0f && o->mirostat == 0);
}

static lnr_status chain_of(const lnr_sampler_options *given, sampler_config *c, lnr_error *err) {
    uint8_t chain[SAMPLE_STEPS];
    uint32_t n;
    lnr_sampler_options o = *given;
    if (o.mirostat)
        o.samplers = NULL; /* the default order: penalties, dry */
    LNR_TRY(parse_chain(&o, chain, &n, err));
    c->n_chain = 0;
    for (uint32_t i = 0; i < n; i++)
        if (step_on(&o, chain[i]) && step_has_effect(&o, chain[i]))
            c->chain[c->n_chain++] = chain[i];
    return LNR_OK;
}

lnr_status sampler_options_check(const lnr_sampler_options *o, lnr_error *err) {
    uint8_t chain[SAMPLE_STEPS];
    uint32_t n;
    LNR_TRY(check_floats(o, err));
    LNR_TRY(check_integers(o, err));
    LNR_TRY(check_breakers(o, err));
    LNR_TRY(check_bias(o, err));
    return parse_chain(o, chain, &n, err);
}

lnr_status sampler_config_init(sampler_config *c, const lnr_sampler_options *given,
                               uint32_t n_vocab, lnr_error *err) {
    *c = (sampler_config){0};
    lnr_sampler_options o;
    LNR_TRY(sampler_options_take(given, &o, err));
    LNR_TRY(sampler_options_check(&o, err));
    for (size_t i = 0; i < o.n_logit_bias; i++)
        if ((uint32_t)o.logit_bias[i].token >= n_vocab)
            return LNR_FAIL(err, LNR_E_ARGUMENT,
                            "logit_bias names token %" PRId32 ", 0 to %" PRIu32 " allowed",
                            o.logit_bias[i].token, n_vocab - 1);
    LNR_TRY(chain_of(&o, c, err));
    c->bias = lnr_alloc_array(o.n_logit_bias, sizeof *c->bias);
    if (c->bias == NULL)
        return LNR_FAIL(err, LNR_E_NOMEM, "no memory for a logit_bias of %zu entries",
                        o.n_logit_bias);
    if (o.n_logit_bias)
        memcpy(c->bias, o.logit_bias, o.n_logit_bias * sizeof *c->bias);
    o.logit_bias = NULL;
    o.samplers = NULL;
    o.dry_breakers = NULL;
    c->o = o;
    return LNR_OK;
}

void sampler_config_deinit(sampler_config *c) {
    lnr_free(c->bias);
    c->bias = NULL;
}
