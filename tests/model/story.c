/* The text of a trained model: there the reference itself is seen to be right, for it writes
 * English.
 */
#include "loaded.h"

#include <stdio.h>
#include <string.h>

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
bool story_case(loaded *l) {
    if (!load_reference(l))
        return false;
    int n = tokenise(l->reference,
                     "\xe2\x96\x81Once\xe2\x96\x81upon\xe2\x96\x81"
                     "a\xe2\x96\x81time",
                     l->token);
    int n_prompt = n;
    for (; n > 0 && n < STORY_TOKENS; n++) {
        if (!run_reference(l, l->token, (uint32_t)n, REFERENCE_PLAIN, l->plain))
            return false;
        l->token[n] = highest(l->plain + (size_t)(n - 1) * l->n_vocab, l->n_vocab);
    }
    if (n == 0 || !run_engine(l, (engine_setup){.n_ubatch = 64, .n_threads = 2, .n_seqs = 1},
                              l->token, STORY_TOKENS))
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
