/* The reference against itself: pairs of models that must compute the same, because what sets them
 * apart cannot matter, or must differ from some position on, because it does.
 *
 *   test_reference DIR      makes the models there
 *
 * Whether it is right about what models compute, llama.cpp tells: peer_reference.mjs. */
#include "reference.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#define N_TOKENS 100
#define SAME     1e-6 /* largest difference of logits near 1; a hyperparameter is a binary32 */
#define DIFFERS  1e-3

#define GEMMA2 "--arch gemma2 --embd 40 --ff 48 --head-dim 16 --seed 1 "
#define GEMMA3 "--arch gemma3 --embd 40 --ff 48 --head-dim 16 --layers 6 --seed 2 "
#define PHI3   "--arch phi3 --embd 48 --ff 40 --head-dim 12 --seed 3 "
#define LLAMA  "--embd 48 --ff 40 --head-dim 12 --seed 4 "

typedef struct side {
    const char *args; /* of make_tiny.py */
    int n_ctx;
    unsigned flags;
} side;

static const struct {
    const char *what;
    int n_same; /* rows; the next must differ */
    side a, b;
} pairs[] = {
    {"a window of 48 hides what lies 48 back, not less",
     48,
     {GEMMA2 "--window 48", 0, 0},
     {GEMMA2, 0, 0}},
    {"in phi3 every layer has it",
     10,
     {PHI3 "--window 10 --layers 1", 0, 0},
     {PHI3 "--layers 1", 0, 0}},
    {"a window as long as the prompt hides nothing",
     N_TOKENS,
     {GEMMA2 "--window 100", 0, 0},
     {GEMMA2, 0, 0}},
    {"a window of one more shows at its end",
     48,
     {GEMMA3 "--window 48", 0, 0},
     {GEMMA3 "--window 48", 0, REFERENCE_WRONG_WINDOW}},
    {"five layers of gemma3 do not know the file's base",
     N_TOKENS,
     {GEMMA3 "--layers 5 --window 48 --rope-base 100", 0, 0},
     {GEMMA3 "--layers 5 --window 48 --rope-base 10000", 0, 0}},
    {"the sixth does",
     1,
     {GEMMA3 "--window 48 --rope-base 100", 0, 0},
     {GEMMA3 "--window 48 --rope-base 10000", 0, 0}},
    {"and turns like the others if theirs it is",
     N_TOKENS,
     {GEMMA3 "--window 48", 0, 0},
     {GEMMA3 "--window 48", 0, REFERENCE_WRONG_LOCAL_ROPE}},
    {"the first files of gemma2 mean its published caps",
     N_TOKENS,
     {GEMMA2 "--attn-cap 50 --final-cap 30 --window 4096", 0, 0},
     {GEMMA2, 0, 0}},
    {"caps beyond every value cap nothing",
     N_TOKENS,
     {GEMMA2 "--attn-cap 100000 --final-cap 100000", 0, 0},
     {GEMMA2, 0, REFERENCE_NO_ATTN_CAP | REFERENCE_NO_FINAL_CAP}},
    {"a gemma3 without a window has one base",
     1,
     {GEMMA3 "--layers 1 --rope-base 100", 0, 0},
     {GEMMA3 "--layers 1", 0, 0}},
    {"a factor without a type is linear",
     N_TOKENS,
     {LLAMA "--rope-scaling linear", 0, 0},
     {LLAMA "--rope-scaling untyped", 0, 0}},
    {"a cap on scores shows where there are two", 1, {GEMMA2 "--attn-cap 1", 0, 0}, {GEMMA2, 0, 0}},
    {"a cap on logits shows at once", 0, {GEMMA2 "--final-cap 1", 0, 0}, {GEMMA2, 0, 0}},
    {"one expert is a dense net",
     N_TOKENS,
     {LLAMA "--experts 1 --experts-used 1", 0, 0},
     {LLAMA, 0, 0}},
    {"of all experts the weights sum to 1 anyway",
     N_TOKENS,
     {LLAMA "--experts 3 --experts-used 3", 0, 0},
     {LLAMA "--experts 3 --experts-used 3", 0, REFERENCE_NO_EXPERT_NORM}},
    {"yarn by 1 scales nothing",
     N_TOKENS,
     {LLAMA "--rope-scaling yarn --rope-factor 1", 0, 0},
     {LLAMA, 0, 0}},
    {"linear scaling by 1 neither",
     N_TOKENS,
     {LLAMA "--rope-scaling linear --rope-factor 1", 0, 0},
     {LLAMA, 0, 0}},
    {"yarn lengthens q and k, which a score of two shows",
     1,
     {LLAMA "--rope-scaling yarn", 0, 0},
     {LLAMA "--rope-scaling yarn", 0, REFERENCE_WRONG_ROPE_SIZE}},
    {"the context of training takes the short list",
     N_TOKENS,
     {PHI3 "--rope-scaling longrope", 64, 0},
     {PHI3 "--rope-scaling longrope", 65, REFERENCE_WRONG_ROPE_LIST}},
    {"one more the long",
     1,
     {PHI3 "--rope-scaling longrope", 64, 0},
     {PHI3 "--rope-scaling longrope", 65, 0}},
    {"512 for 64 makes cos and sin sqrt(1.5) times as long",
     N_TOKENS,
     {PHI3 "--rope-scaling longrope", 0, 0},
     {PHI3 "--rope-scaling longrope --attn-factor 1.2247449", 0, 0}},
    {"46 layers of gemma2 have their own scale of queries, by n_embd / n_heads",
     N_TOKENS,
     {GEMMA2 "--layers 46 --head-dim 10", 0, 0},
     {GEMMA2 "--layers 46 --head-dim 10", 0, REFERENCE_WRONG_QUERY_SCALE}},
    {"which is not a head's size",
     1,
     {GEMMA2 "--layers 46 --head-dim 16", 0, 0},
     {GEMMA2 "--layers 46 --head-dim 16", 0, REFERENCE_WRONG_QUERY_SCALE}},
};

#define N_PAIRS (sizeof pairs / sizeof pairs[0])

static void model_path(char path[512], const char *dir, size_t i, char which) {
    snprintf(path, 512, "%s/pair-%zu%c.gguf", dir, i, which);
}

static bool make_models(const char *dir) {
    char list[512], path[512], command[2048];
    snprintf(list, sizeof list, "%s/pairs.txt", dir);
    FILE *f = fopen(list, "w");
    if (f == NULL)
        return false;
    for (size_t i = 0; i < N_PAIRS; i++) {
        model_path(path, dir, i, 'a');
        fprintf(f, "'%s' %s\n", path, pairs[i].a.args);
        model_path(path, dir, i, 'b');
        fprintf(f, "'%s' %s\n", path, pairs[i].b.args);
    }
    fclose(f);
    snprintf(command, sizeof command, "'%s' '%s' < '%s'", LNR_PYTHON, LNR_MAKE_TINY, list);
    return system(command) == 0;
}

/* Logits of N_TOKENS tokens, to be freed; NULL if there are none. */
static double *compute(const char *path, const side *s, size_t *n_vocab) {
    int token[N_TOKENS];
    reference_model *m = reference_open(path, s->n_ctx);
    if (m == NULL)
        return NULL;
    *n_vocab = reference_n_vocab(m);
    for (int i = 0; i < N_TOKENS; i++)
        token[i] = (i * i * 7 + 3 * i) % (int)*n_vocab;
    double *logits = calloc(N_TOKENS * *n_vocab, sizeof *logits);
    if (logits && reference_logits(m, token, N_TOKENS, s->flags, logits) != 0) {
        free(logits);
        logits = NULL;
    }
    reference_close(m);
    return logits;
}

static double difference(const double *a, const double *b, size_t n) {
    double most = 0;
    for (size_t i = 0; i < n; i++)
        if (!(fabs(a[i] - b[i]) <= most)) /* NaN must not pass */
            most = fabs(a[i] - b[i]);
    return most;
}

static bool check_pair(const char *dir, size_t i) {
    char path[512];
    size_t n_a = 0, n_b = 0, n_same = (size_t)pairs[i].n_same;
    model_path(path, dir, i, 'a');
    double *a = compute(path, &pairs[i].a, &n_a);
    model_path(path, dir, i, 'b');
    double *b = compute(path, &pairs[i].b, &n_b);
    bool ok = a && b && n_a == n_b;
    if (ok) {
        double same = difference(a, b, n_same * n_a), next = INFINITY;
        if (n_same < N_TOKENS)
            next = difference(a + n_same * n_a, b + n_same * n_a, n_a);
        ok = same <= SAME && next >= DIFFERS;
        if (!ok)
            fprintf(stderr, "FAILED %s: first %zu rows differ by %.3g, the next by %.3g\n",
                    pairs[i].what, n_same, same, next);
    }
    free(a);
    free(b);
    return ok;
}

int main(int argc, char **argv) {
    bool ok = argc == 2 && make_models(argv[1]);
    for (size_t i = 0; argc == 2 && i < N_PAIRS; i++)
        ok = check_pair(argv[1], i) && ok;
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
