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
    lnr_error error;
    int32_t token;
    if (r->options.hash_logits)
        result->logits_hash = lnr_fnv1a64(result->logits_hash, logits, n_vocab * sizeof *logits);
    if (sampler_pick(e->sampler, &r->options.sampler, logits, r->n_tokens, &token, &error)) {
        engine_end(e, r, LNR_FINISH_ERROR, &error);
        return false;
    }
    r->last_ns = os_now_ns();
    if (result->n_generated++ == 0)
        r->first_ns = r->last_ns;
    e->stats.now.n_generated++;
    if (!r->options.ignore_end && tokenizer_is_end(e->model->tokenizer, token)) {
        engine_end(e, r, LNR_FINISH_END, NULL);
        return false;
    }
    r->token[r->n_tokens++] = token;
    request_push(r, token);
    if (r->n_tokens == r->n_tokens_max) {
        engine_end(e, r, reason_at_limit(r), NULL);
        return false;
    }
    return true;
}
