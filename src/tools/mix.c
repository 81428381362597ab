/* See mix.h. Each role has one function that reads as its column of the table in
 * reference/kernels.md 1.3. */
#include "tools/mix.h"

#include <stdio.h>

static const struct {
    const char *name;
    lnr_type type;
    uint32_t file_type;
} mixes[MIX_COUNT] = {
#define X(name, type, file_type) {#name, LNR_TYPE_##type, file_type},
    MIX_LIST(X)
#undef X
};

lnr_status mix_find(const char *name, mix_id *out, lnr_error *err) {
    char names[160] = "";
    size_t n = 0;
    for (int i = 0; i < MIX_COUNT; i++) {
        if (strcmp(name, mixes[i].name) == 0) {
            *out = (mix_id)i;
            return LNR_OK;
        }
        n += (size_t)snprintf(names + n, sizeof names - n, "%s%s", i ? ", " : "", mixes[i].name);
    }
    return LNR_FAIL(err, LNR_E_ARGUMENT, "unknown type '%.*s'; there are %s",
                    LNR_STR(lnr_str_from(name)), names);
}

const char *mix_name(mix_id mix) {
    return mixes[mix].name;
}

uint32_t mix_file_type(mix_id mix) {
    return mixes[mix].file_type;
}

lnr_type mix_default_type(mix_id mix) {
    return mixes[mix].type;
}

uint32_t mix_n_dims(const uint64_t *dim, uint32_t n_dims) {
    while (n_dims > 1 && dim[n_dims - 1] == 1)
        n_dims--;
    return n_dims;
}

bool mix_layer_of(lnr_str name, uint32_t *layer, lnr_str *rest) {
    if (!lnr_str_starts(name, "blk."))
        return false;
    size_t i = 4;
    uint32_t n = 0;
    for (; i < name.n && name.p[i] >= '0' && name.p[i] <= '9' && n < 100000; i++)
        n = n * 10 + (uint32_t)(name.p[i] - '0');
    if (i == 4 || i == name.n || name.p[i] != '.')
        return false;
    *layer = n;
    *rest = (lnr_str){name.p + i + 1, name.n - i - 1};
    return true;
}

static bool contains(lnr_str s, const char *part) {
    size_t n = strlen(part);
    for (size_t i = 0; i + n <= s.n; i++)
        if (memcmp(s.p + i, part, n) == 0)
            return true;
    return false;
}

static bool ends_with(lnr_str s, const char *end) {
    size_t n = strlen(end);
    return s.n >= n && memcmp(s.p + s.n - n, end, n) == 0;
}

/* Not weights of a product, or read by code that knows them as floats only. */
static const char *const left_alone[] = {
    "_norm.weight", "ffn_gate_inp", "position_embd", "token_types",
    "ssm_conv1d",   "shortconv",    "time_mix_",     "attn_rel_b",
};

bool mix_applies(const mix_tensor *t) {
    if (t->n_dims < 2 || !ends_with(t->name, "weight"))
        return false;
    for (size_t i = 0; i < sizeof left_alone / sizeof left_alone[0]; i++)
        if (contains(t->name, left_alone[i]))
            return false;
    return true;
}

/* The first and the last eighth of the layers, and every third between. */
static bool use_more_bits(uint32_t i, uint32_t n) {
    return i < n / 8 || i >= 7 * (uint64_t)n / 8 || (i - n / 8) % 3 == 2;
}

static lnr_type output_type(mix_id mix) {
    return mix == MIX_Q8_0 ? LNR_TYPE_Q8_0 : LNR_TYPE_Q6_K;
}

static lnr_type attn_v_type(mix_id mix, const mix_model *m, uint32_t i) {
    lnr_type type = mixes[mix].type;
    if (m->n_experts == 8)
        return LNR_TYPE_Q8_0;
    if (mix == MIX_Q2_K)
        type = m->n_gqa >= 4 ? LNR_TYPE_Q4_K : LNR_TYPE_Q3_K;
    else if (mix == MIX_Q3_K_M)
        type = i < 2 ? LNR_TYPE_Q5_K : LNR_TYPE_Q4_K;
    else if (mix == MIX_Q3_K_L)
        type = LNR_TYPE_Q5_K;
    else if ((mix == MIX_IQ4_NL || mix == MIX_IQ4_XS) && m->n_gqa >= 4)
        type = LNR_TYPE_Q5_K;
    else if ((mix == MIX_Q4_K_M || mix == MIX_Q5_K_M) && use_more_bits(i, m->n_layers))
        type = LNR_TYPE_Q6_K;
    else if (mix == MIX_Q4_K_S && i < 4)
        type = LNR_TYPE_Q5_K;
    if (m->eighty_layers && (type == LNR_TYPE_Q3_K || type == LNR_TYPE_Q4_K))
        type = LNR_TYPE_Q5_K;
    return type;
}

static lnr_type ffn_down_type(mix_id mix, const mix_model *m, uint32_t i) {
    uint32_t n = m->n_layers;
    switch (mix) {
    case MIX_Q2_K:
        return LNR_TYPE_Q3_K;
    case MIX_Q3_K_M:
        return i < n / 16 ? LNR_TYPE_Q5_K : LNR_TYPE_Q4_K;
    case MIX_Q3_K_L:
        return LNR_TYPE_Q5_K;
    case MIX_Q4_K_M:
    case MIX_Q5_K_M:
        return use_more_bits(i, n) ? LNR_TYPE_Q6_K : mixes[mix].type;
    case MIX_Q4_K_S:
        return i < n / 8 ? LNR_TYPE_Q5_K : LNR_TYPE_Q4_K;
    case MIX_IQ4_NL:
    case MIX_IQ4_XS:
        return i < n / 8 && !m->has_imatrix ? LNR_TYPE_Q5_K : mixes[mix].type;
    case MIX_Q4_0:
        return i < n / 8 && m->has_imatrix ? LNR_TYPE_Q4_1 : LNR_TYPE_Q4_0;
    case MIX_Q5_0:
        return i < n / 8 && m->has_imatrix ? LNR_TYPE_Q5_1 : LNR_TYPE_Q5_0;
    default:
        return mixes[mix].type;
    }
}

static lnr_type attn_output_type(mix_id mix, const mix_model *m) {
    if (m->n_experts == 8)
        switch (mix) {
        case MIX_Q2_K:
        case MIX_Q3_K_S:
        case MIX_Q3_K_M:
        case MIX_IQ4_NL:
        case MIX_IQ4_XS:
        case MIX_Q4_K_S:
        case MIX_Q4_K_M:
            return LNR_TYPE_Q5_K;
        default:
            return mixes[mix].type;
        }
    switch (mix) {
    case MIX_Q2_K:
        return LNR_TYPE_Q3_K;
    case MIX_Q3_K_M:
        return LNR_TYPE_Q4_K;
    case MIX_Q3_K_L:
        return LNR_TYPE_Q5_K;
    default:
        return mixes[mix].type;
    }
}

static lnr_type attn_qkv_type(mix_id mix) {
    switch (mix) {
    case MIX_Q3_K_M:
    case MIX_Q3_K_L:
        return LNR_TYPE_Q4_K;
    case MIX_Q4_K_M:
        return LNR_TYPE_Q5_K;
    case MIX_Q5_K_M:
        return LNR_TYPE_Q6_K;
    default:
        return mixes[mix].type;
    }
}

static lnr_type rule(mix_id mix, const mix_model *m, const mix_tensor *t) {
    uint32_t layer = 0;
    lnr_str part;
    if (lnr_str_is(t->name, "output.weight") ||
        (!m->has_output && lnr_str_is(t->name, "token_embd.weight")))
        return output_type(mix);
    if (!mix_layer_of(t->name, &layer, &part))
        return mixes[mix].type;
    if (lnr_str_is(part, "attn_v.weight"))
        return attn_v_type(mix, m, layer);
    if (lnr_str_is(part, "attn_k.weight") && m->n_experts == 8)
        return LNR_TYPE_Q8_0;
    if (lnr_str_starts(part, "ffn_down"))
        return ffn_down_type(mix, m, layer);
    if (lnr_str_is(part, "attn_output.weight"))
        return attn_output_type(mix, m);
    if (lnr_str_is(part, "attn_qkv.weight"))
        return attn_qkv_type(mix);
    return mixes[mix].type;
}

/* For rows that are no multiple of 256. */
static lnr_type smaller_blocks(lnr_type type) {
    switch (type) {
    case LNR_TYPE_Q4_K:
        return LNR_TYPE_Q5_0;
    case LNR_TYPE_Q5_K:
        return LNR_TYPE_Q5_1;
    case LNR_TYPE_Q6_K:
        return LNR_TYPE_Q8_0;
    case LNR_TYPE_Q2_K:
    case LNR_TYPE_Q3_K:
    case LNR_TYPE_IQ4_XS:
        return LNR_TYPE_IQ4_NL;
    default:
        return type;
    }
}

lnr_type mix_type(mix_id mix, const mix_model *model, const mix_tensor *t, bool *fell_back) {
    lnr_type type = mixes[mix].type;
    *fell_back = false;
    if (lnr_type_block_weights(type) == 1) /* a float: one type for all */
        return type;
    type = rule(mix, model, t);
    if (t->n_cols % lnr_type_block_weights(type) == 0)
        return type;
    *fell_back = true;
    type = smaller_blocks(type);
    return t->n_cols % lnr_type_block_weights(type) == 0 ? type : LNR_TYPE_F16;
}
