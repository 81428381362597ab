/* From a row of logits to the request's next token, and to its end. */
#include "engine/state.h"

#include "base/hash.h"
#include "os/os.h"

static lnr_finish reason_at_limit(const lnr_request *r) {
    bool asked = r->options.max_tokens && r->result.n_generated == r->options.max_tokens;
    return asked ? LNR_FINISH_LENGTH : LNR_FINISH_CONTEXT;
}

bool sampling_take_row(lnr_engine *e, lnr_request *r, const float *logits) {
    size_t n_vocab = e->model->shape.n_vocab;
    lnr_event *result = &r->result;
    history so_far = {.token = r->token, .n = r->n_tokens, .n_prompt = r->n_prompt};
    sampler_result chosen;
    lnr_error error;
    int stop_idx;
    if (r->options.hash_logits)
        result->logits_hash = lnr_fnv1a64(result->logits_hash, logits, n_vocab * sizeof *logits);
    if (choice_pick(&e->choice, &r->choice, logits, so_far, &chosen, &error) ||
        choice_accept(&r->choice, chosen.token, r->n_tokens, &stop_idx, &error)) {
        engine_end(e, r, LNR_FINISH_ERROR, &error);
        return false;
    }
    r->last_ns = os_now_ns();
    if (result->n_generated++ == 0)
        r->first_ns = r->last_ns;
    e->stats.now.n_generated++;
    if (!r->options.ignore_end && tokenizer_is_end(e->model->tokenizer, chosen.token)) {
        engine_end(e, r, LNR_FINISH_END, NULL);
        return false;
    }
    r->token[r->n_tokens++] = chosen.token;
    choice_keep(&r->choice, atomic_load(&r->tail) % REQUEST_RING, &chosen);
    request_push(r, chosen.token);
    if (stop_idx >= 0) {
        result->stop_idx = (uint32_t)stop_idx;
        engine_end(e, r, LNR_FINISH_STOP, NULL);
        return false;
    }
    if (r->n_tokens == r->n_tokens_max) {
        engine_end(e, r, reason_at_limit(r), NULL);
        return false;
    }
    return true;
}

bool sampling_score_row(lnr_engine *e, lnr_request *r, const float *logits) {
    int32_t token = r->token[r->n_scored + 1];
    sampler_result scored;
    lnr_error error;
    if (choice_score(&e->choice, &r->choice, logits, token, &scored, &error)) {
        engine_end(e, r, LNR_FINISH_ERROR, &error);
        return false;
    }
    choice_keep(&r->choice, atomic_load(&r->tail) % REQUEST_RING, &scored);
    request_push(r, token);
    r->n_scored++;
    return true;
}
