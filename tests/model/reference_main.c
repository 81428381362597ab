/* reference FILE [--rounded] [--no-window] [--ctx N] [--greedy N | --logits] TOKEN...: the
 * reference's five highest logits after each token.
 *
 * For looking at a model by hand, and for comparing the reference with another program, without the
 * engine: --greedy appends the highest token N times and prints the text, --logits prints all of a
 * row in a line. No tokeniser: ids are given as numbers. */
#include "reference.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define N_SHOWN    5
#define GREEDY_MAX 4096

typedef struct options {
    unsigned flags;
    int n_ctx, n_greedy, prints_all, n_tokens;
    int *tokens; /* owned; room for GREEDY_MAX more than n_tokens */
} options;

static void print_token(const reference_model *m, int token) {
    size_t n;
    const char *text = reference_token(m, token, &n);
    printf("%.*s", text ? (int)n : 0, text ? text : "");
}

/* The highest logit below the last one shown (in the order of value, then lower id). */
static int next_highest(const double *row, int n, int last) {
    int best = -1;
    for (int i = 0; i < n; i++) {
        int is_after = last < 0 || row[i] < row[last] || (row[i] <= row[last] && i > last);
        if (is_after && (best < 0 || row[i] > row[best]))
            best = i;
    }
    return best;
}

static void print_row(const reference_model *m, const double *row, int n_vocab) {
    int token = -1;
    for (int i = 0; i < N_SHOWN && i < n_vocab; i++) {
        token = next_highest(row, n_vocab, token);
        if (token < 0) /* the rest are NaN */
            break;
        printf("  %d '", token);
        print_token(m, token);
        printf("' %.9g", row[token]);
    }
    printf("\n");
}

static void print_rows(const reference_model *m, const options *o, const double *logits) {
    size_t n_vocab = reference_n_vocab(m);
    for (int i = 0; i < o->n_tokens; i++, logits += n_vocab) {
        for (size_t j = 0; o->prints_all && j < n_vocab; j++)
            printf("%.9g ", logits[j]);
        if (o->prints_all) {
            printf("\n");
            continue;
        }
        printf("%d: after %d '", i, o->tokens[i]);
        print_token(m, o->tokens[i]);
        printf("'\n");
        print_row(m, logits, (int)n_vocab);
    }
}

static int run(const reference_model *m, options *o) {
    size_t n_vocab = reference_n_vocab(m);
    double *logits = calloc((size_t)(o->n_tokens + o->n_greedy) * n_vocab, sizeof *logits);
    int ok = logits && reference_logits(m, o->tokens, o->n_tokens, o->flags, logits) == 0;
    for (int i = 0; ok && i < o->n_greedy; i++) {
        const double *row = logits + (size_t)(o->n_tokens - 1) * n_vocab;
        int next = next_highest(row, (int)n_vocab, -1);
        ok = next >= 0;
        o->tokens[o->n_tokens++] = ok ? next : 0;
        ok = ok && reference_logits(m, o->tokens, o->n_tokens, o->flags, logits) == 0;
    }
    for (int i = 0; ok && o->n_greedy > 0 && i < o->n_tokens; i++)
        print_token(m, o->tokens[i]);
    if (ok && o->n_greedy == 0)
        print_rows(m, o, logits);
    printf("\n");
    free(logits);
    return ok;
}

/* A whole number from 0 to max, or -1. */
static int parse(const char *text, int max) {
    char *end;
    long v = strtol(text, &end, 10);
    return end != text && *end == '\0' && v >= 0 && v <= max ? (int)v : -1;
}

static int parse_options(int argc, char **argv, options *o) {
    o->tokens = calloc((size_t)argc + GREEDY_MAX, sizeof *o->tokens);
    int ok = argc >= 3 && o->tokens != NULL;
    for (int i = 2; ok && i < argc; i++) {
        if (strcmp(argv[i], "--rounded") == 0)
            o->flags |= REFERENCE_ROUNDED;
        else if (strcmp(argv[i], "--no-window") == 0)
            o->flags |= REFERENCE_NO_WINDOW;
        else if (strcmp(argv[i], "--logits") == 0)
            o->prints_all = 1;
        else if (strcmp(argv[i], "--ctx") == 0 && i + 1 < argc)
            ok = (o->n_ctx = parse(argv[++i], INT_MAX)) >= 0;
        else if (strcmp(argv[i], "--greedy") == 0 && i + 1 < argc)
            ok = (o->n_greedy = parse(argv[++i], GREEDY_MAX)) >= 0;
        else
            ok = (o->tokens[o->n_tokens++] = parse(argv[i], INT_MAX)) >= 0;
    }
    return ok && o->n_tokens > 0;
}

static int are_tokens(const reference_model *m, const options *o) {
    for (int i = 0; i < o->n_tokens; i++)
        if ((size_t)o->tokens[i] >= reference_n_vocab(m))
            return 0;
    return 1;
}

int main(int argc, char **argv) {
    options o = {.n_ctx = 0};
    int ok = parse_options(argc, argv, &o);
    reference_model *m = ok ? reference_open(argv[1], o.n_ctx) : NULL;
    ok = m && are_tokens(m, &o);
    if (!ok)
        fprintf(stderr,
                "usage: reference FILE [--rounded] [--no-window] [--ctx N] [--greedy N | --logits] "
                "TOKEN...\n");
    else
        ok = run(m, &o);
    free(o.tokens);
    reference_close(m);
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
