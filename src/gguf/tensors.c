/* A file's list of tensors: each description, then all of them together against the file.
 *
 * The one idea: after this nobody has to check a tensor again: its shape fits its type, its size is
 * exact, and its bytes are inside the file and belong to no other tensor. Time is n log n. */
#include "base/alloc.h"
#include "base/checked.h"
#include "gguf/file.h"
#include "gguf/rules.h"

#include <inttypes.h>
#include <stdlib.h>

static lnr_status read_shape(gguf_cursor *c, gguf_tensor *t, lnr_error *err) {
    LNR_TRY(gguf_cursor_u32(c, &t->n_dims, err));
    if (t->n_dims == 0 || t->n_dims > GGUF_DIMS_MAX)
        return gguf_cursor_fail(c, LNR_E_FORMAT, err, "%" PRIu32 " dimensions, 1 to %d are allowed",
                                t->n_dims, GGUF_DIMS_MAX);
    for (uint32_t i = 0; i < t->n_dims; i++)
        LNR_TRY(gguf_cursor_u64(c, &t->dim[i], err));
    uint32_t type;
    LNR_TRY(gguf_cursor_u32(c, &type, err));
    if (!lnr_type_known(type))
        return gguf_cursor_fail(c, LNR_E_UNSUPPORTED, err, "unknown tensor type %" PRIu32, type);
    t->type = (lnr_type)type;
    lnr_error why;
    lnr_status st = gguf_shape_tensor(t, &why);
    return st ? gguf_cursor_fail(c, st, err, "%s", why.text) : LNR_OK;
}

static lnr_status read_tensor(const gguf_file *f, gguf_cursor *c, gguf_tensor *t, lnr_error *err) {
    LNR_TRY(gguf_cursor_str(c, GGUF_NAME_BYTES_MAX, "name", &t->name, err));
    const char *wrong = gguf_name_wrong(t->name);
    if (wrong)
        return gguf_cursor_fail(c, LNR_E_FORMAT, err, "the name %s", wrong);
    gguf_cursor_at(c, "tensor", 0, t->name);
    LNR_TRY(read_shape(c, t, err));
    LNR_TRY(gguf_cursor_u64(c, &t->offset, err));
    if (t->offset % f->alignment != 0)
        return gguf_cursor_fail(c, LNR_E_FORMAT, err,
                                "data offset %" PRIu64 " is no multiple of the alignment, %" PRIu32,
                                t->offset, f->alignment);
    return LNR_OK;
}

/* Turns offsets from the start of the data into offsets from the start of the file. */
static lnr_status place_tensors(gguf_file *f, uint64_t header_end, lnr_error *err) {
    uint64_t size = os_file_size(f->file), data = 0, at, end;
    bool fits = lnr_align_up_u64(header_end, f->alignment, &data) && data <= size;
    f->header_bytes = fits ? data : size;
    for (size_t i = 0; i < f->n_tensors; i++) {
        gguf_tensor *t = &f->tensor[i];
        if (!fits || !lnr_add_u64(data, t->offset, &at) || !lnr_add_u64(at, t->bytes, &end) ||
            end > size)
            return LNR_FAIL(err, LNR_E_FORMAT,
                            "tensor '%.*s': %" PRIu64 " bytes at byte %" PRIu64 " + %" PRIu64
                            " reach beyond the end of the file at byte %" PRIu64,
                            LNR_STR(t->name), t->bytes, data, t->offset, size);
        t->offset = at;
    }
    return LNR_OK;
}

typedef struct extent {
    uint64_t offset;
    size_t idx;
} extent;

static int by_offset(const void *a, const void *b) {
    const extent *x = a, *y = b;
    return (x->offset > y->offset) - (x->offset < y->offset);
}

static lnr_status check_overlap(const gguf_file *f, lnr_error *err) {
    if (f->n_tensors < 2)
        return LNR_OK;
    extent *e = lnr_alloc_array(f->n_tensors, sizeof *e);
    if (e == NULL)
        return LNR_FAIL(err, LNR_E_NOMEM, "no memory for %zu tensors", f->n_tensors);
    for (size_t i = 0; i < f->n_tensors; i++)
        e[i] = (extent){f->tensor[i].offset, i};
    qsort(e, f->n_tensors, sizeof *e, by_offset);
    lnr_status st = LNR_OK;
    for (size_t i = 1; i < f->n_tensors && st == LNR_OK; i++) {
        const gguf_tensor *a = &f->tensor[e[i - 1].idx], *b = &f->tensor[e[i].idx];
        if (b->offset - a->offset < a->bytes)
            st = LNR_FAIL(err, LNR_E_FORMAT,
                          "tensors '%.*s' (%" PRIu64 " bytes at byte %" PRIu64
                          ") and '%.*s' (at byte %" PRIu64 ") overlap",
                          LNR_STR(a->name), a->bytes, a->offset, LNR_STR(b->name), b->offset);
    }
    lnr_free(e);
    return st;
}

lnr_status gguf_index_tensors(gguf_file *f, size_t first, lnr_error *err) {
    for (size_t i = first; i < f->n_tensors; i++) {
        uint32_t idx = (uint32_t)i;
        bool found;
        if (!strmap_add(&f->names, f->tensor[i].name, &idx, &found))
            return LNR_FAIL(err, LNR_E_NOMEM, "no memory for %zu tensors", f->n_tensors);
        if (found)
            return LNR_FAIL(err, LNR_E_FORMAT,
                            "tensor '%.*s': tensors %" PRIu32 " and %zu have the same name",
                            LNR_STR(f->tensor[i].name), idx + 1, i + 1);
    }
    return LNR_OK;
}

lnr_status gguf_read_tensors(gguf_file *f, gguf_cursor *c, uint64_t n_tensors, lnr_error *err) {
    size_t capacity = 0;
    for (uint64_t i = 0; i < n_tensors; i++) {
        if (i == capacity) {
            capacity = capacity ? capacity * 2 : 256;
            gguf_tensor *more = lnr_realloc_array(f->tensor, capacity, sizeof *more);
            if (more == NULL)
                return LNR_FAIL(err, LNR_E_NOMEM, "no memory for %" PRIu64 " tensors", n_tensors);
            f->tensor = more;
        }
        gguf_tensor *t = &f->tensor[i];
        *t = (gguf_tensor){0};
        gguf_cursor_at(c, "tensor", i + 1, (lnr_str){0});
        LNR_TRY(read_tensor(f, c, t, err));
        f->n_tensors++;
    }
    LNR_TRY(place_tensors(f, c->pos, err));
    LNR_TRY(check_overlap(f, err));
    return gguf_index_tensors(f, 0, err);
}
