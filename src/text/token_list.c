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

lnr_status token_list_add(token_list *l, int32_t id, lnr_error *err) {
    if (l->n == l->capacity) {
        if (l->n >= INT32_MAX)
            return LNR_FAIL(err, LNR_E_LIMIT, "more than %d tokens", INT32_MAX);
        size_t capacity = l->capacity < 32 ? 64 : l->capacity * 2;
        if (capacity > INT32_MAX)
            capacity = INT32_MAX;
        int32_t *bigger = lnr_realloc_array(l->id, capacity, sizeof *l->id);
        if (bigger == NULL)
            return LNR_FAIL(err, LNR_E_NOMEM, "list of %zu tokens", capacity);
        l->id = bigger;
        l->capacity = capacity;
    }
    l->id[l->n++] = id;
    return LNR_OK;
}
