/* The engine's logits against the reference's, and against themselves.
 *
 *   test_logits make DIR [ARGS]    writes the tiny models of cases.h; ARGS as "--seed 7" overrule
 * theirs test_logits compare DIR [ISA]  against the reference, at every position of prompts of 1 to
 * 300 tokens test_logits hash DIR ISA       bits: golden.txt, for every micro-batch, number of
 * threads and sequences test_logits golden DIR         prints golden.txt anew test_logits stories
 * FILE greedy text of a trained model equals the reference's test_logits measure DIR        prints
 * the errors that compare's bounds come from
 *
 * Two proofs that need each other: the reference shows that the numbers are right but not their
 * last bits; the hashes hold the bits but not that they are right. Exit 77: this machine lacks ISA.
 */
#include "backend/cpu/cpu.h"
#include "base/hash.h"
#include "cases.h"
#include "engine_run.h"
#include "reference.h"

#include <inttypes.h>
#include <lanner/machine.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define N_TOKENS   300
#define N_MISTAKEN 150 /* tokens that a mistake must show in */
#define EXIT_SKIP  77

/* Bounds on a row's error: max |engine - reference| / max |reference|. README.md beside this file
 * tells what they were measured to be. */
#define BOUND_ALONE 2e-6 /* median over one-token prompts */

typedef struct bounds {
    double median, worst;
} bounds;

static const bounds float_rounded = {
    1e-4, 2e-3}; /* flips of half a bit of K and V, and what they cause */
static const bounds quant_rounded = {0.05, 0.1}; /* flips of int8 activations */
static const bounds quant_plain = {0.05, 0.15};  /* their rounding itself */

#define MISTAKE_MARGIN 2 /* times a bound that a mistake must exceed */

typedef struct loaded {
    const model_case *c;
    char path[512];
    lnr_model *engine;
    reference_model *reference;
    size_t n_vocab;
    int token[N_TOKENS];
    float *logits;           /* (2, N_TOKENS, n_vocab) */
    double *plain, *rounded; /* (N_TOKENS, n_vocab) */
} loaded;

static bool failed(const char *what, const lnr_error *err) {
    fprintf(stderr, "FAILED %s: %s\n", what, err->text);
    return false;
}

static void model_path(char path[512], const char *dir, const model_case *c) {
    snprintf(path, 512, "%s/%s.gguf", dir, c->name);
}

static void unload(loaded *l) {
    model_unref(l->engine);
    reference_close(l->reference);
    free(l->logits);
    free(l->plain);
    free(l->rounded);
}

static bool load(loaded *l, const char *dir, const model_case *c) {
    lnr_error err = {0};
    lnr_model_options o = {.struct_size = sizeof o, .n_threads = 2};
    *l = (loaded){.c = c};
    model_path(l->path, dir, c);
    if (model_load(l->path, &o, &l->engine, &err))
        return failed(c->name, &err);
    l->n_vocab = l->engine->shape.n_vocab;
    size_t n = N_TOKENS * l->n_vocab;
    l->logits = calloc(2 * n, sizeof *l->logits);
    l->plain = calloc(n, sizeof *l->plain);
    l->rounded = calloc(n, sizeof *l->rounded);
    if (!l->logits || !l->plain || !l->rounded)
        return false;
    for (uint32_t i = 0; i < N_TOKENS; i++) /* a fixed list without a pattern: Knuth's multiplier */
        l->token[i] = (int)((uint64_t)(uint32_t)(i * 2654435761u + 12345) * l->n_vocab >> 32);
    return true;
}

/* ---- errors
 * -------------------------------------------------------------------------------------- */

static double row_error(const float *a, const double *b, size_t n) {
    double error = 0, top = 0;
    for (size_t i = 0; i < n; i++) {
        double e = fabs((double)a[i] - b[i]);
        if (!(e <= error)) /* NaN must not pass */
            error = e;
        top = fmax(top, fabs(b[i]));
    }
    return error / top;
}

typedef struct errors {
    double row[N_TOKENS * 4];
    size_t n;
} errors;

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    if (isnan(x) || isnan(y))
        return isnan(x) - isnan(y);
    return (x > y) - (x < y);
}

/* The error that this share of rows does not exceed. */
static double quantile(errors *e, double share) {
    qsort(e->row, e->n, sizeof e->row[0], ascending);
    return e->row[(size_t)(share * (double)(e->n - 1))];
}

static void add_errors(errors *e, const loaded *l, const double *expected, size_t n_rows) {
    for (size_t i = 0; i < n_rows; i++)
        e->row[e->n++] =
            row_error(l->logits + i * l->n_vocab, expected + i * l->n_vocab, l->n_vocab);
}

static bool holds(const loaded *l, const char *what, double error, double bound) {
    if (!(error <= bound))
        fprintf(stderr, "FAILED %s, %s: error %.3g, at most %.3g allowed\n", l->c->name, what,
                error, bound);
    return error <= bound;
}

static bool within(const loaded *l, errors *e, bounds b, const char *what) {
    bool ok = holds(l, what, quantile(e, 1), b.worst);
    return holds(l, what, quantile(e, 0.5), b.median) && ok;
}

static bool run_engine(loaded *l, engine_setup setup, const int *tokens, uint32_t n) {
    lnr_error err = {0};
    if (engine_run(l->engine, setup, tokens, n, l->logits, &err))
        return failed(l->c->name, &err);
    return true;
}

static bool run_reference(loaded *l, const int *tokens, int n, unsigned flags, double *out) {
    return reference_logits(l->reference, tokens, n, flags, out) == 0;
}

/* ---- against the reference
 * ----------------------------------------------------------------------- */

static const uint32_t prompt_sizes[] = {1, 5, 150, 300};
static const uint32_t ubatches[] = {1, 7, 64, 128};

/* A prompt's rows are the first rows of the long prompt's, so one run of the reference serves all.
 */
static bool compare_prompts(loaded *l) {
    bool ok = true;
    for (size_t i = 0; i < sizeof prompt_sizes / sizeof prompt_sizes[0]; i++) {
        uint32_t n = prompt_sizes[i];
        errors rounded = {.n = 0}, plain = {.n = 0};
        if (!run_engine(l, (engine_setup){ubatches[i], 2, 1}, l->token, n))
            return false;
        add_errors(&rounded, l, l->rounded, n);
        add_errors(&plain, l, l->plain, n);
        ok =
            within(l, &rounded, l->c->quantised ? quant_rounded : float_rounded, "rounded alike") &&
            ok;
        ok = (!l->c->quantised || within(l, &plain, quant_plain, "unrounded")) && ok;
    }
    return ok;
}

/* Errors of many prompts of n tokens, short enough that most meet no rounding tie. */
static bool short_prompts(loaded *l, int n, errors *e) {
    engine_setup setup = {128, 1, 1};
    for (int first = 0; first + n <= 240; first += n) {
        const int *tokens = l->token + first;
        if (!run_engine(l, setup, tokens, (uint32_t)n) ||
            !run_reference(l, tokens, n, REFERENCE_ROUNDED, l->rounded))
            return false;
        add_errors(e, l, l->rounded, (size_t)n);
    }
    return true;
}

/* Most prompts this short meet no tie at all, so their rows show an error of method at once. */
static bool compare_short(loaded *l) {
    errors one = {.n = 0}, four = {.n = 0};
    if (!short_prompts(l, 1, &one) || !short_prompts(l, 4, &four))
        return false;
    bool ok = holds(l, "median of one-token prompts", quantile(&one, 0.5), BOUND_ALONE);
    if (l->c->quantised)
        ok = holds(l, "median of four-token prompts", quantile(&four, 0.5), BOUND_ALONE) && ok;
    return ok;
}

/* The bounds must be such that mistakes exceed them. */
static bool notices(loaded *l, unsigned mistake, const char *what) {
    errors e = {.n = 0};
    if (!run_reference(l, l->token, N_MISTAKEN, REFERENCE_ROUNDED | mistake, l->rounded))
        return false;
    add_errors(&e, l, l->rounded, N_MISTAKEN);
    bounds b = l->c->quantised ? quant_rounded : float_rounded;
    double worst = quantile(&e, 1), median = quantile(&e, 0.5);
    bool seen = worst > MISTAKE_MARGIN * b.worst || median > MISTAKE_MARGIN * b.median;
    if (!seen)
        fprintf(stderr, "FAILED %s: %s has an error of only %.3g, median %.3g\n", l->c->name, what,
                worst, median);
    return seen;
}

static bool notices_mistakes(loaded *l) {
    bool ok = notices(l, REFERENCE_WRONG_ROPE, "a reference with the wrong rope pairs");
    if (l->c->quantised)
        return ok;
    ok = notices(l, REFERENCE_WRONG_MASK, "a reference that skips one position") && ok;
    return notices(l, REFERENCE_WRONG_EPS, "a reference without the norm's epsilon") && ok;
}

static bool open_reference(loaded *l) {
    l->reference = reference_open(l->path);
    if (l->reference == NULL || reference_n_vocab(l->reference) != l->n_vocab)
        return false;
    return run_reference(l, l->token, N_TOKENS, REFERENCE_PLAIN, l->plain) &&
           run_reference(l, l->token, N_TOKENS, REFERENCE_ROUNDED, l->rounded);
}

static bool compare_case(loaded *l) {
    if (!open_reference(l))
        return false;
    bool ok = compare_prompts(l);
    ok = compare_short(l) && ok;
    return run_engine(l, (engine_setup){128, 2, 1}, l->token, N_TOKENS) && notices_mistakes(l) &&
           ok;
}

static bool measure_case(loaded *l) {
    errors plain = {.n = 0}, rounded = {.n = 0}, one = {.n = 0}, four = {.n = 0};
    engine_setup setup = {128, 2, 1};
    if (!open_reference(l) || !run_engine(l, setup, l->token, N_TOKENS))
        return false;
    add_errors(&plain, l, l->plain, N_TOKENS);
    add_errors(&rounded, l, l->rounded, N_TOKENS);
    if (!short_prompts(l, 1, &one) || !short_prompts(l, 4, &four))
        return false;
    printf("%-16s plain %.1e %.1e  rounded %.1e %.1e  one %.1e %.1e %.1e  four %.1e %.1e %.1e\n",
           l->c->name, quantile(&plain, 0.5), quantile(&plain, 1), quantile(&rounded, 0.5),
           quantile(&rounded, 1), quantile(&one, 0.5), quantile(&one, 0.9), quantile(&one, 1),
           quantile(&four, 0.5), quantile(&four, 0.9), quantile(&four, 1));
    return true;
}

/* ---- bits
 * ---------------------------------------------------------------------------------------- */

static uint64_t hash_rows(const loaded *l, uint32_t seq) {
    size_t n = (size_t)N_TOKENS * l->n_vocab;
    return lnr_fnv1a64(LNR_FNV1A64_INIT, l->logits + seq * n, n * sizeof *l->logits);
}

static bool hash_of(loaded *l, engine_setup setup, uint64_t *hash) {
    if (!run_engine(l, setup, l->token, N_TOKENS))
        return false;
    *hash = hash_rows(l, 0);
    if (setup.n_seqs == 2 && hash_rows(l, 1) != *hash) {
        fprintf(stderr,
                "FAILED %s: two equal prompts in one batch differ (ubatch %u, threads %u)\n",
                l->c->name, setup.n_ubatch, setup.n_threads);
        return false;
    }
    return true;
}

static bool print_golden(loaded *l) {
    uint64_t hash;
    if (!hash_of(l, (engine_setup){128, 1, 1}, &hash))
        return false;
    printf("%s %016" PRIx64 "\n", l->c->name, hash);
    return true;
}

/* The line of golden.txt for this arithmetic and model; false: there is none. */
static bool find_golden(const char *name, uint64_t *hash) {
    FILE *f = fopen(LNR_GOLDEN, "r");
    char line[256], word[128];
    int version = 0;
    bool found = false;
    while (f && !found && fgets(line, sizeof line, f)) {
        if (sscanf(line, "arith %d", &version) == 1 || version != LNR_ARITH_VERSION)
            continue;
        found = sscanf(line, "%127s %" SCNx64, word, hash) == 2 && strcmp(word, name) == 0;
    }
    if (f)
        fclose(f);
    return found;
}

static bool check_hash(loaded *l, engine_setup setup, uint64_t golden) {
    uint64_t hash;
    if (!hash_of(l, setup, &hash))
        return false;
    if (hash != golden)
        fprintf(
            stderr,
            "FAILED %s: logits hash %016" PRIx64 " (isa %s, ubatch %u, threads %u, sequences %u), "
            "golden.txt has %016" PRIx64 "; bump LNR_ARITH_VERSION in include/lanner/machine.h if "
            "this is meant\n",
            l->c->name, hash, cpu_isa(), setup.n_ubatch, setup.n_threads, setup.n_seqs, golden);
    return hash == golden;
}

static const engine_setup setups[] = {
    {1, 1, 1},  {1, 2, 1},  {1, 4, 1},   {7, 1, 1},   {7, 2, 1},   {7, 4, 1}, {64, 1, 1},
    {64, 2, 1}, {64, 4, 1}, {128, 1, 1}, {128, 2, 1}, {128, 4, 1}, {7, 2, 2}, {128, 4, 2},
};

static bool hash_case(loaded *l) {
    uint64_t golden;
    if (!find_golden(l->c->name, &golden)) {
        fprintf(stderr, "FAILED %s: golden.txt has no hash of it for LNR_ARITH_VERSION %d\n",
                l->c->name, LNR_ARITH_VERSION);
        return false;
    }
    /* Scalar kernels are slow: there each model takes one setup, and the models take turns. */
    size_t n = sizeof setups / sizeof setups[0], first = 0;
    if (strcmp(cpu_isa(), "scalar") == 0) {
        first = (size_t)(l->c - model_cases) % n;
        n = first + 1;
    }
    bool ok = true;
    for (size_t i = first; i < n; i++)
        ok = check_hash(l, setups[i], golden) && ok;
    return ok;
}

/* ---- a trained model
 * ----------------------------------------------------------------------------- */

/* SentencePiece text to tokens by longest match: enough for a text whose words are tokens. */
static int tokenise(const reference_model *m, const char *text, int *tokens) {
    size_t n_left = strlen(text), n;
    int n_tokens = 0;
    tokens[n_tokens++] = 1; /* <s> */
    while (n_left > 0) {
        size_t best = 0;
        const char *word;
        for (int i = 0; (word = reference_token(m, i, &n)) != NULL; i++)
            if (n > best && n <= n_left && memcmp(word, text, n) == 0) {
                best = n;
                tokens[n_tokens] = i;
            }
        if (best == 0)
            return 0;
        n_tokens++;
        text += best;
        n_left -= best;
    }
    return n_tokens;
}

static int highest(const double *row, size_t n) {
    size_t best = 0;
    for (size_t i = 1; i < n; i++)
        if (row[i] > row[best])
            best = i;
    return (int)best;
}

#define STORY_TOKENS 100

/* The reference writes a story; the engine, given its tokens, must have chosen each of them. */
static bool check_story(loaded *l) {
    l->reference = reference_open(l->path);
    if (l->reference == NULL)
        return false;
    int n = tokenise(l->reference,
                     "\xe2\x96\x81Once\xe2\x96\x81upon\xe2\x96\x81"
                     "a\xe2\x96\x81time",
                     l->token);
    int n_prompt = n;
    for (; n > 0 && n < STORY_TOKENS; n++) {
        if (!run_reference(l, l->token, n, REFERENCE_PLAIN, l->plain))
            return false;
        l->token[n] = highest(l->plain + (size_t)(n - 1) * l->n_vocab, l->n_vocab);
    }
    if (n == 0 || !run_engine(l, (engine_setup){64, 2, 1}, l->token, STORY_TOKENS))
        return false;
    bool ok = true;
    for (int i = n_prompt; i < STORY_TOKENS; i++) {
        size_t n_text;
        const char *text = reference_token(l->reference, l->token[i], &n_text);
        printf("%.*s", (int)n_text, text);
        const float *row = l->logits + (size_t)(i - 1) * l->n_vocab;
        for (size_t j = 0; j < l->n_vocab; j++)
            ok = ok && row[j] <= row[l->token[i]];
    }
    printf("\n%s\n",
           ok ? "the engine agrees" : "FAILED: the engine would have written another story");
    return ok;
}

/* ---- main
 * ---------------------------------------------------------------------------------------- */

static bool make_case(const char *dir, const model_case *c, const char *more) {
    char path[512], command[2048];
    model_path(path, dir, c);
    snprintf(command, sizeof command, "'%s' '%s' '%s' %s %s", LNR_PYTHON, LNR_MAKE_TINY, path,
             c->args, more);
    return system(command) == 0;
}

static bool make_all(const char *dir, const char *more) {
    for (size_t i = 0; i < N_MODEL_CASES; i++)
        if (!make_case(dir, &model_cases[i], more))
            return false;
    return true;
}

static bool each_case(const char *dir, bool (*check)(loaded *)) {
    bool ok = true;
    for (size_t i = 0; i < N_MODEL_CASES; i++) {
        loaded l;
        bool passed = load(&l, dir, &model_cases[i]) && check(&l);
        unload(&l);
        if (!passed)
            fprintf(stderr, "FAILED case %s\n", model_cases[i].name);
        ok = ok && passed;
    }
    return ok;
}

/* data: the folder of files from outside; only if it is absent is the test skipped. */
static int story(const char *data) {
    char path[512];
    snprintf(path, sizeof path, "%s/README.md", data);
    FILE *f = fopen(path, "r");
    if (f == NULL) {
        fprintf(stderr, "skipped: %s is not there\n", path);
        return EXIT_SKIP;
    }
    fclose(f);
    snprintf(path, sizeof path, "%s/models", data);
    model_case c = {"stories260K", false, ""};
    loaded l;
    bool ok = load(&l, path, &c) && check_story(&l);
    unload(&l);
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv) {
    lnr_error err = {0};
    const char *command = argc >= 3 ? argv[1] : "", *where = argv[argc >= 3 ? 2 : 0];
    if (strcmp(command, "make") == 0)
        return make_all(where, argc > 3 ? argv[3] : "") ? EXIT_SUCCESS : EXIT_FAILURE;
    lnr_status limited = argc > 3 ? cpu_isa_limit(argv[3], &err) : LNR_OK;
    if (limited) {
        fprintf(stderr, "skipped: %s\n", err.text);
        return limited == LNR_E_UNSUPPORTED ? EXIT_SKIP : EXIT_FAILURE;
    }
    bool ok = false;
    if (strcmp(command, "compare") == 0) {
        ok = each_case(where, compare_case);
    } else if (strcmp(command, "hash") == 0) {
        ok = each_case(where, hash_case);
    } else if (strcmp(command, "measure") == 0) {
        ok = each_case(where, measure_case);
    } else if (strcmp(command, "golden") == 0) {
        printf("arith %d\n", LNR_ARITH_VERSION);
        ok = each_case(where, print_golden);
    } else if (strcmp(command, "stories") == 0) {
        return story(where);
    } else {
        fprintf(stderr, "usage: test_logits make|compare|hash|measure|golden|stories PATH [ISA]\n");
    }
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
