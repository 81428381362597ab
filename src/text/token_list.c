/* A growable list of token ids; see tokenizer.h. */
#include "base/alloc.h"
#include "text/tokenizer.h"

void token_list_init(token_list *l) {
    *l = (token_list){0};
}

void token_list_deinit(token_list *l) {
    lnr_free(l->id);
    *l = (token_list){0};
}

static lnr_status reserve(token_list *l, size_t n_more, lnr_error *err) {
    if (n_more > INT32_MAX - l->n)
        return LNR_FAIL(err, LNR_E_LIMIT, "more than %d tokens", INT32_MAX);
    size_t capacity = l->capacity < 32 ? 64 : l->capacity * 2;
    if (capacity < l->n + n_more)
        capacity = l->n + n_more;
    if (capacity > INT32_MAX)
        capacity = INT32_MAX;
    int32_t *bigger = lnr_realloc_array(l->id, capacity, sizeof *l->id);
    if (bigger == NULL)
        return LNR_FAIL(err, LNR_E_NOMEM, "list of %zu tokens", capacity);
    l->id = bigger;
    l->capacity = capacity;
    return LNR_OK;
}

lnr_status token_list_add(token_list *l, int32_t id, lnr_error *err) {
    return token_list_add_n(l, &id, 1, err);
}

lnr_status token_list_add_n(token_list *l, const int32_t *id, size_t n, lnr_error *err) {
    if (n > l->capacity - l->n)
        LNR_TRY(reserve(l, n, err));
    for (size_t i = 0; i < n; i++)
        l->id[l->n++] = id[i];
    return LNR_OK;
}
