/* reference FILE [--rounded] [--greedy N] TOKEN...: the reference's five highest logits after each
 * token.
 *
 * For looking at a model by hand, without the engine: --greedy appends the highest token N times
 * and prints the text. No tokeniser: ids are given as numbers. */
#include "reference.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define N_SHOWN 5

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

/* tokens: n ids, room for n_greedy more. */
static int run(const reference_model *m, int *tokens, int n, int n_greedy, unsigned flags) {
    size_t n_vocab = reference_n_vocab(m);
    double *logits = calloc((size_t)(n + n_greedy) * n_vocab, sizeof *logits);
    int ok = logits != NULL;
    for (int i = 0; ok && i < n_greedy; i++, n++) {
        ok = reference_logits(m, tokens, n, flags, logits) == 0;
        if (ok)
            tokens[n] = next_highest(logits + (size_t)(n - 1) * n_vocab, (int)n_vocab, -1);
        ok = ok && tokens[n] >= 0;
    }
    ok = ok && reference_logits(m, tokens, n, flags, logits) == 0;
    for (int i = 0; ok && i < n && n_greedy == 0; i++) {
        printf("%d: after %d '", i, tokens[i]);
        print_token(m, tokens[i]);
        printf("'\n");
        print_row(m, logits + (size_t)i * n_vocab, (int)n_vocab);
    }
    for (int i = 0; ok && i < n && n_greedy > 0; i++)
        print_token(m, tokens[i]);
    printf("\n");
    free(logits);
    return ok;
}

/* A whole number from 0 to max, or -1. */
static int parse(const char *text, size_t max) {
    char *end;
    long v = strtol(text, &end, 10);
    return end != text && *end == '\0' && v >= 0 && (size_t)v <= max ? (int)v : -1;
}

int main(int argc, char **argv) {
    unsigned flags = REFERENCE_PLAIN;
    int n = 0, n_greedy = 0, ok = argc >= 3;
    reference_model *m = ok ? reference_open(argv[1]) : NULL;
    int *tokens = NULL;
    ok = m != NULL;
    for (int i = 2; ok && i < argc; i++) {
        if (strcmp(argv[i], "--rounded") == 0) {
            flags = REFERENCE_ROUNDED;
        } else if (strcmp(argv[i], "--greedy") == 0 && i + 1 < argc) {
            n_greedy = parse(argv[++i], 4096);
            ok = n_greedy >= 0;
        } else {
            int *more = realloc(tokens, ((size_t)n + 1 + 4096) * sizeof *tokens);
            ok = more != NULL;
            tokens = ok ? more : tokens;
            if (ok)
                ok = (tokens[n++] = parse(argv[i], reference_n_vocab(m) - 1)) >= 0;
        }
    }
    ok = ok && n > 0;
    if (!ok)
        fprintf(stderr, "usage: reference FILE [--rounded] [--greedy N] TOKEN...\n");
    else
        ok = run(m, tokens, n, n_greedy, flags);
    free(tokens);
    reference_close(m);
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
