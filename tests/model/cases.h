/* The tiny models of this folder's tests: between them every family with its settings, every weight
 * format in two families at least, every way of grouping heads, with row lengths that fill no panel
 * and no vector. */
#ifndef LNR_TESTS_MODEL_CASES_H
#define LNR_TESTS_MODEL_CASES_H

#include <stdint.h>

/* What makes the engine and the reference differ; compare.c has bounds for each. */
typedef enum case_kind {
    FLOATS, /* K and V are halves */
    DEEP,   /* the same in tens of layers, each of which carries on what those before differ in */
    QUANTISED, /* activations are rounded to int8 as well */
    MIXING     /* and such a rounding may choose another expert: a jump */
} case_kind;

typedef struct model_case {
    const char *name;
    uint32_t n_tokens; /* of the longest prompt */
    case_kind kind;
    const char *args; /* of make_tiny.py */
} model_case;

#define N_TOKENS_MAX 300

/* Contexts that the engine and the reference are told: LongRoPE's choice depends on it. */
#define N_CTX 512

/* Widths of the quantised ones: small for blocks of 32, 256 for blocks of 256. */
#define SMALL     "--embd 96 --ff 160 --heads 6 --kv-heads 3 --head-dim 32 "
#define SMALL_MOE "--embd 96 --ff 64 --heads 6 --kv-heads 2 --head-dim 16 --experts 6 "
#define WIDE      "--embd 256 --ff 256 --heads 8 --kv-heads 2 --head-dim 32 "
#define WIDE_MOE  "--embd 256 --ff 256 --heads 4 --kv-heads 4 --head-dim 64 --experts 4 --layers 1 "
#define GEMMA2    "--arch gemma2 --window 48 --attn-cap 2 --final-cap 3 "
#define GEMMA3    "--arch gemma3 --layers 6 --window 48 --rope-base 1000000 --rope-scaling linear "
#define PHI3      "--arch phi3 --window 48 --rope-scaling longrope --attn-factor 1.19 "

static const model_case model_cases[] = {
    /* Floats: every setting of every family, and every mistake must show. */
    {"llama-f32", 300, FLOATS, "--embd 72 --ff 104 --head-dim 24 --rope-scaling llama3 --seed 1"},
    {"llama-f32-odd", 300, FLOATS,
     "--embd 40 --ff 76 --heads 3 --kv-heads 3 --head-dim 16 --tied --rope-scaling linear --seed "
     "2"},
    {"llama-f32-thin", 300, FLOATS,
     "--embd 50 --ff 33 --heads 6 --kv-heads 2 --head-dim 10 --rope-dim 6 --layers 3 --seed 3"},
    {"llama-f32-yarn", 300, FLOATS, "--embd 64 --ff 96 --head-dim 16 --rope-scaling yarn --seed 4"},
    {"qwen2-f32", 300, FLOATS,
     "--arch qwen2 --embd 96 --ff 112 --kv-heads 1 --head-dim 24 --rope-dim 12 --tied --seed 5"},
    {"qwen2-f32-odd", 300, FLOATS,
     "--arch qwen2 --embd 90 --ff 130 --heads 9 --kv-heads 9 --head-dim 10 --seed 6"},
    {"qwen2-f32-yarn", 300, FLOATS,
     "--arch qwen2 --embd 96 --ff 100 --heads 4 --kv-heads 2 --head-dim 24 --rope-scaling yarn "
     "--rope-factor 8 --original-ctx 128 --rope-base 1000000 --seed 7"},
    {"qwen3-f32", 300, FLOATS,
     "--arch qwen3 --embd 64 --ff 100 --heads 6 --kv-heads 2 --head-dim 20 --seed 8"},
    {"qwen3-f32-yarn", 300, FLOATS,
     "--arch qwen3 --embd 56 --ff 90 --heads 5 --kv-heads 1 --head-dim 16 --tied --rope-scaling "
     "yarn --seed 9"},
    {"gemma2-f32", 300, FLOATS, GEMMA2 "--embd 60 --ff 100 --head-dim 24 --layers 3 --seed 10"},
    {"gemma2-f32-27b", 150, DEEP,
     GEMMA2 "--embd 32 --ff 40 --heads 2 --kv-heads 1 --head-dim 20 --layers 46 --seed 11"},
    {"gemma3-f32", 300, FLOATS, GEMMA3 "--embd 52 --ff 80 --head-dim 24 --layers 7 --seed 12"},
    {"gemma3-f32-27b", 150, DEEP,
     GEMMA3 "--embd 32 --ff 40 --heads 2 --kv-heads 1 --head-dim 20 --layers 62 --final-cap 3 "
            "--seed 13"},
    {"gemma3-f32-full", 150, FLOATS,
     "--arch gemma3 --layers 7 --rope-base 100 --rope-scaling untyped --final-cap 3 --embd 48 --ff "
     "56 --head-dim 16 --seed 19"},
    {"phi3-f32", 300, FLOATS,
     "--arch phi3 --embd 72 --ff 60 --head-dim 18 --kv-heads 4 --tied --seed 14"},
    {"phi3-f32-long", 300, FLOATS,
     "--arch phi3 --window 48 --rope-scaling longrope --embd 96 --ff 76 --head-dim 24 --seed 15"},
    {"phi3-f32-short", 300, FLOATS,
     PHI3 "--embd 80 --ff 90 --head-dim 20 --rope-dim 14 --original-ctx 4096 --ctx 8192 "
          "--attn-factor 1.3 --seed 16"},
    {"qwen3moe-f32", 300, FLOATS,
     "--arch qwen3moe --embd 80 --ff 48 --heads 6 --kv-heads 2 --head-dim 20 --experts 8 --seed "
     "17"},
    {"mixtral-f32", 300, FLOATS, "--embd 64 --ff 80 --head-dim 20 --experts 4 --tied --seed 18"},

    {"llama-f16", 160, FLOATS,
     "--type F16 --embd 72 --ff 100 --heads 8 --kv-heads 2 --head-dim 16 --rope-scaling llama3 "
     "--rope-base 500000 --seed 20"},
    {"qwen2-f16", 160, FLOATS,
     "--arch qwen2 --type F16 --embd 80 --ff 96 --kv-heads 4 --head-dim 20 --rope-scaling linear "
     "--seed 21"},
    {"qwen3-f16", 160, FLOATS,
     "--arch qwen3 --type F16 --embd 72 --ff 90 --head-dim 32 --tied --seed 22"},
    {"gemma2-f16", 160, FLOATS,
     GEMMA2 "--type F16 --embd 70 --ff 90 --heads 6 --kv-heads 3 --head-dim 16 --seed 23"},
    {"gemma3-f16", 160, FLOATS,
     GEMMA3 "--type F16 --embd 60 --ff 70 --heads 3 --kv-heads 1 --head-dim 16 --seed 24"},
    {"phi3-f16", 160, FLOATS, PHI3 "--type F16 --embd 72 --ff 50 --head-dim 18 --seed 25"},
    {"qwen3moe-f16", 160, FLOATS,
     "--arch qwen3moe --type F16 --embd 48 --ff 32 --head-dim 24 --experts 5 --seed 26"},
    {"mixtral-f16", 160, FLOATS,
     "--type F16 --embd 64 --ff 48 --head-dim 14 --experts 8 --seed 27"},
    {"llama-bf16", 160, FLOATS,
     "--type BF16 --embd 72 --ff 100 --heads 3 --kv-heads 1 --head-dim 24 --seed 28"},
    {"gemma2-bf16", 160, FLOATS, GEMMA2 "--type BF16 --embd 64 --ff 72 --head-dim 16 --seed 29"},

    /* Blocks of 32 values */
    {"llama-q8_0", 160, QUANTISED, "--type Q8_0 " SMALL "--seed 30"},
    {"qwen2-q8_0", 160, QUANTISED,
     "--arch qwen2 --type Q8_0 " SMALL "--head-dim 16 --tied --seed 31"},
    {"qwen3-q8_0", 160, QUANTISED, "--arch qwen3 --type Q8_0 " SMALL "--seed 32"},
    {"gemma2-q8_0", 160, QUANTISED, GEMMA2 "--type Q8_0 " SMALL "--seed 33"},
    {"gemma3-q8_0", 160, QUANTISED, GEMMA3 "--type Q8_0 " SMALL "--seed 34"},
    {"phi3-q8_0", 160, QUANTISED, PHI3 "--type Q8_0 " SMALL "--head-dim 16 --seed 35"},
    {"qwen3moe-q8_0", 160, MIXING, "--arch qwen3moe --type Q8_0 " SMALL_MOE "--seed 36"},
    {"mixtral-q8_0", 160, MIXING, "--type Q8_0 " SMALL_MOE "--tied --seed 37"},
    {"llama-q8_0-f16", 160, QUANTISED, "--type Q8_0 --mix F16 " SMALL "--seed 38"},
    {"llama-q4_0-q4_1", 160, QUANTISED, "--type Q4_0 --mix Q4_1 " SMALL "--tied --seed 40"},
    {"llama-q5_0-q5_1", 160, QUANTISED, "--type Q5_0 --mix Q5_1 " SMALL "--seed 41"},
    {"llama-iq4_nl-mxfp4", 160, QUANTISED, "--type IQ4_NL --mix MXFP4 " SMALL "--seed 42"},
    {"qwen3-q4_1-q4_0", 160, QUANTISED, "--arch qwen3 --type Q4_1 --mix Q4_0 " SMALL "--seed 43"},
    {"phi3-q5_1-q5_0", 160, QUANTISED,
     PHI3 "--type Q5_1 --mix Q5_0 " SMALL "--head-dim 16 --seed 44"},
    {"mixtral-mxfp4-iq4_nl", 160, MIXING, "--type MXFP4 --mix IQ4_NL " SMALL_MOE "--seed 45"},

    /* Blocks of 256 values */
    {"llama-q4_k-q6_k", 160, QUANTISED, "--type Q4_K --mix Q6_K " WIDE "--seed 50"},
    {"qwen2-q4_k", 160, QUANTISED, "--arch qwen2 --type Q4_K " WIDE "--seed 51"},
    {"qwen2-q4_k-q8_0", 160, QUANTISED,
     "--arch qwen2 --type Q4_K --mix Q8_0 " WIDE "--tied --seed 52"},
    {"qwen3-q4_k-q6_k", 160, QUANTISED, "--arch qwen3 --type Q4_K --mix Q6_K " WIDE "--seed 53"},
    {"gemma2-q4_k-q6_k", 160, QUANTISED, GEMMA2 "--type Q4_K --mix Q6_K " WIDE "--seed 54"},
    {"gemma3-q4_k-q6_k", 80, QUANTISED, GEMMA3 "--type Q4_K --mix Q6_K " WIDE "--seed 55"},
    {"phi3-q4_k-q5_k", 160, QUANTISED, PHI3 "--type Q4_K --mix Q5_K " WIDE "--seed 56"},
    {"qwen3moe-q4_k-q6_k", 160, MIXING,
     "--arch qwen3moe --type Q4_K --mix Q6_K " WIDE_MOE "--seed 57"},
    {"mixtral-q4_k-q6_k", 160, MIXING, "--type Q4_K --mix Q6_K " WIDE_MOE "--seed 58"},
    {"qwen2-q6_k-q4_k", 160, QUANTISED,
     "--arch qwen2 --type Q6_K --mix Q4_K " WIDE "--tied --seed 59"},
    {"llama-q2_k-q3_k", 160, QUANTISED, "--type Q2_K --mix Q3_K " WIDE "--seed 60"},
    {"llama-iq4_xs-q5_k", 160, QUANTISED, "--type IQ4_XS --mix Q5_K " WIDE "--tied --seed 61"},
    {"gemma2-q3_k-q2_k", 160, QUANTISED, GEMMA2 "--type Q3_K --mix Q2_K " WIDE "--seed 62"},
    {"mixtral-q5_k-iq4_xs", 160, MIXING, "--type Q5_K --mix IQ4_XS " WIDE_MOE "--seed 63"},
};

#define N_MODEL_CASES (sizeof model_cases / sizeof model_cases[0])

#endif
