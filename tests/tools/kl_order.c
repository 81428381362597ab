/* What the mixes cost: Kullback-Leibler divergence from the F16 model's next-token probabilities,
 * over a text, for each mix. Fails unless it grows in the order of the mixes, smallest first.
 *
 *   kl_order MODEL-F16.gguf
 *
 * Each mix is turned back to F32 before it runs: then the weights' rounding alone is measured, not
 * that of the activations, and any type can be measured, also one without kernels. An importance
 * matrix from the same text must not make the smallest mix worse. */
#include "engine_run.h"

#include "base/alloc.h"
#include "tools/tools.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define TOKENS_MAX 400

static const char text[] =
    "Well, Prince, so Genoa and Lucca are now just family estates of the Buonapartes. But I warn "
    "you, if you don't tell me that this means war, if you still try to defend the infamies and "
    "horrors perpetrated by that Antichrist, I really believe he is Antichrist, I will have "
    "nothing "
    "more to do with you and you are no longer my friend, no longer my faithful slave, as you call "
    "yourself! But how do you do? I see I have frightened you, sit down and tell me all the news. "
    "It was in July, and the speaker was the well known Anna Pavlovna, maid of honor and favorite "
    "of "
    "the Empress. With these words she greeted the prince, a man of high rank and importance, who "
    "was the first to arrive at her reception. Anna had had a cough for some days. She was, as she "
    "said, suffering from la grippe; grippe being then a new word in the city, used only by the "
    "elite. All her invitations without exception, written in French, and delivered by a footman "
    "that morning, ran as follows: If you have nothing better to do, and if the prospect of "
    "spending an evening with a poor invalid is not too terrible, I shall be very charmed to see "
    "you tonight between seven and ten.";

static char folder[] = "/tmp/lanner-kl.XXXXXX";
static char quantised[64], widened[64], imatrix[64];

static void check(lnr_status st, const lnr_error *err) {
    if (st == LNR_OK)
        return;
    fprintf(stderr, "kl_order: %s\n", err->text);
    exit(1);
}

/* Logits of every position, (*n, *n_vocab); free them. */
static float *logits_of(const char *path, int *n, size_t *n_vocab) {
    lnr_model *m;
    lnr_error err;
    lnr_model_options o = {.struct_size = sizeof o, .n_threads = 2};
    token_list ids;
    token_list_init(&ids);
    check(model_load(path, &o, &m, &err), &err);
    check(tokenizer_encode(m->tokenizer, lnr_str_from(text), TOKENIZE_ADD_SPECIAL, &ids, &err),
          &err);
    *n = ids.n < TOKENS_MAX ? (int)ids.n : TOKENS_MAX;
    *n_vocab = m->shape.n_vocab;
    int *tokens = lnr_alloc_array((size_t)*n, sizeof *tokens);
    float *logits = lnr_alloc_array((size_t)*n * *n_vocab, sizeof *logits);
    for (int i = 0; tokens && i < *n; i++)
        tokens[i] = ids.id[i];
    engine_setup setup = {.n_ubatch = 64, .n_threads = 2, .n_seqs = 1};
    check(engine_run(m, setup, tokens, (uint32_t)*n, logits, &err), &err);
    lnr_free(tokens);
    token_list_deinit(&ids);
    model_unref(m);
    return logits;
}

/* log of the sum of exp */
static double log_sum(const float *x, size_t n) {
    double max = (double)x[0], sum = 0.0;
    for (size_t i = 1; i < n; i++)
        max = (double)x[i] > max ? (double)x[i] : max;
    for (size_t i = 0; i < n; i++)
        sum += exp((double)x[i] - max);
    return max + log(sum);
}

static double mean_kl(const float *p, const float *q, int n, size_t n_vocab) {
    double kl = 0.0;
    for (int t = 0; t < n; t++, p += n_vocab, q += n_vocab) {
        double lp = log_sum(p, n_vocab), lq = log_sum(q, n_vocab);
        for (size_t i = 0; i < n_vocab; i++) {
            double log_p = (double)p[i] - lp;
            kl += exp(log_p) * (log_p - ((double)q[i] - lq));
        }
    }
    return kl / n;
}

static double kl_of(const char *model, const char *mix, const char *importance,
                    const float *reference) {
    lnr_error err;
    lnr_quantize_options o = {.struct_size = sizeof o, .imatrix = importance, .n_threads = 2};
    check(tools_quantize(model, quantised, mix, &o, &err), &err);
    o.imatrix = NULL;
    o.requantize = true;
    check(tools_quantize(quantised, widened, "F32", &o, &err), &err);
    int n;
    size_t n_vocab;
    float *logits = logits_of(widened, &n, &n_vocab);
    double kl = mean_kl(reference, logits, n, n_vocab);
    lnr_free(logits);
    printf("%-7s %s  KL %.3e\n", mix, importance ? "weighted" : "        ", kl);
    return kl;
}

static void measure_importance(const char *model) {
    lnr_model *m;
    lnr_error err;
    lnr_model_options o = {.struct_size = sizeof o, .n_threads = 2};
    lnr_imatrix_options i = {.struct_size = sizeof i, .n_ctx = 128, .n_threads = 2};
    check(model_load(model, &o, &m, &err), &err);
    check(tools_imatrix(m, text, sizeof text - 1, &i, imatrix, NULL, &err), &err);
    model_unref(m);
}

int main(int argc, char **argv) {
    static const char *const order[] = {"Q8_0", "Q6_K", "Q5_K_M", "Q4_K_M", "Q3_K_M", "Q2_K"};
    if (argc != 2 || mkdtemp(folder) == NULL)
        return 2;
    snprintf(quantised, sizeof quantised, "%s/q.gguf", folder);
    snprintf(widened, sizeof widened, "%s/w.gguf", folder);
    snprintf(imatrix, sizeof imatrix, "%s/i.gguf", folder);
    int n, n_wrong = 0;
    size_t n_vocab;
    float *reference = logits_of(argv[1], &n, &n_vocab);
    double before = 0.0;
    printf("%d tokens\n", n);
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        double kl = kl_of(argv[1], order[i], NULL, reference);
        n_wrong += !(kl > before);
        before = kl;
    }
    measure_importance(argv[1]);
    n_wrong += !(kl_of(argv[1], "Q2_K", imatrix, reference) < before);
    lnr_free(reference);
    unlink(quantised);
    unlink(widened);
    unlink(imatrix);
    rmdir(folder);
    printf(n_wrong ? "NOT in order\n" : "in order\n");
    return n_wrong ? 1 : 0;
}
