/* The tiny models of this folder's tests: between them every family, weight format, way of grouping
 * heads and rope setting, with row lengths that fill no panel and no vector. */
#ifndef LNR_TESTS_MODEL_CASES_H
#define LNR_TESTS_MODEL_CASES_H

#include <stdbool.h>

typedef struct model_case {
    const char *name;
    bool quantised;   /* the engine rounds activations */
    const char *args; /* of make_tiny.py */
} model_case;

static const model_case model_cases[] = {
    {"llama-f32", false, "--rope-scaling llama3 --seed 1"},
    {"llama-f32-odd", false,
     "--embd 40 --ff 76 --heads 3 --kv-heads 3 --head-dim 16 --tied --rope-scaling linear --seed "
     "2"},
    {"llama-f32-thin", false,
     "--embd 50 --ff 33 --heads 6 --kv-heads 2 --head-dim 10 --rope-dim 6 --layers 3 --seed 3"},
    {"llama-f16-odd", false,
     "--type F16 --embd 72 --ff 100 --heads 8 --kv-heads 2 --head-dim 16 --rope-scaling llama3 "
     "--rope-base 500000 --seed 4"},
    {"llama-f16", false, "--type F16 --kv-heads 4 --rope-dim 32 --tied --seed 5"},
    {"qwen2-f32", false, "--arch qwen2 --kv-heads 1 --rope-dim 32 --tied --seed 6"},
    {"qwen2-f32-odd", false,
     "--arch qwen2 --embd 90 --ff 130 --heads 9 --kv-heads 9 --head-dim 10 --seed 7"},
    {"qwen2-f16", false,
     "--arch qwen2 --type F16 --heads 16 --kv-heads 4 --head-dim 16 --rope-scaling linear --seed "
     "8"},
    {"llama-q8_0", true,
     "--type Q8_0 --embd 96 --ff 160 --heads 6 --kv-heads 3 --head-dim 16 --seed 9"},
    {"qwen2-q8_0", true, "--arch qwen2 --type Q8_0 --kv-heads 1 --tied --seed 10"},
    {"llama-q4_k", true, "--type Q4_K --kv-heads 1 --rope-scaling llama3 --tied --seed 11"},
    {"qwen2-q4_k", true,
     "--arch qwen2 --type Q4_K --heads 16 --kv-heads 4 --head-dim 16 --seed 12"},
    {"llama-q6_k", true, "--type Q6_K --kv-heads 4 --rope-scaling linear --seed 13"},
    {"qwen2-q6_k", true, "--arch qwen2 --type Q6_K --rope-dim 16 --tied --layers 3 --seed 14"},
    {"llama-q4_k-q6_k", true, "--type Q4_K --mix Q6_K --embd 512 --ff 768 --seed 15"},
    {"qwen2-q4_k-q8_0", true, "--arch qwen2 --type Q4_K --mix Q8_0 --ff 256 --seed 16"},
    {"llama-q8_0-f16", true,
     "--type Q8_0 --mix F16 --embd 160 --ff 96 --heads 10 --kv-heads 5 --head-dim 16 --seed 17"},
};

#define N_MODEL_CASES (sizeof model_cases / sizeof model_cases[0])

#endif
