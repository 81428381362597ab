/* The whole model: one file, or the parts of a split one. See gguf.h.
 *
 * The one idea: the other parts are found from the given path alone, PREFIX-00001-of-00003.gguf,
 * never from metadata, so a file cannot make us open what the user did not name; the metadata of
 * every part must then agree with its name. */
#include "base/alloc.h"
#include "base/buf.h"
#include "base/checked.h"
#include "gguf/file.h"

#include <inttypes.h>
#include <stdio.h>

#define N_PARTS_MAX  1000u
#define SUFFIX_BYTES 20 /* of "-00001-of-00003.gguf" */

/* What a file says about itself; count 0 or 1 is a whole model (merged files keep the keys, with
 * 0). */
typedef struct split_info {
    uint32_t no, count; /* no counts from 0 */
    uint32_t n_tensors; /* of all parts; UINT32_MAX if it does not say */
} split_info;

static lnr_status read_split(const gguf_file *f, split_info *s, lnr_error *err) {
    *s = (split_info){0, 0, UINT32_MAX};
    LNR_TRY(gguf_get_u32(f, "split.count", &s->count, err));
    LNR_TRY(gguf_get_u32(f, "split.no", &s->no, err));
    LNR_TRY(gguf_get_u32(f, "split.tensors.count", &s->n_tensors, err));
    if (s->count > N_PARTS_MAX)
        return LNR_FAIL(err, LNR_E_UNSUPPORTED,
                        "key 'split.count': %" PRIu32 " parts, at most %u are supported", s->count,
                        N_PARTS_MAX);
    if (s->no >= (s->count ? s->count : 1))
        return LNR_FAIL(err, LNR_E_FORMAT,
                        "key 'split.no': is %" PRIu32 ", but split.count is %" PRIu32, s->no,
                        s->count);
    return LNR_OK;
}

/* The path of part no (from 0), made from the first's by replacing its end; NULL if memory is
 * short. */
static const char *part_path(lnr_buf *b, const char *path, uint32_t no, uint32_t count) {
    buf_clear(b);
    buf_add(b, path, strlen(path) - SUFFIX_BYTES);
    buf_printf(b, "-%05" PRIu32 "-of-%05" PRIu32 ".gguf", no + 1, count);
    return buf_cstr(b);
}

static bool ends_as_part(const char *path, uint32_t no, uint32_t count) {
    char suffix[32];
    size_t n = strlen(path);
    snprintf(suffix, sizeof suffix, "-%05" PRIu32 "-of-%05" PRIu32 ".gguf", no + 1, count);
    return n >= SUFFIX_BYTES && strcmp(path + n - SUFFIX_BYTES, suffix) == 0;
}

static lnr_status check_part(const gguf_file *first, const split_info *whole, const gguf_file *f,
                             uint32_t no, lnr_error *err) {
    split_info s;
    LNR_TRY(read_split(f, &s, err));
    if (s.count != whole->count || s.no != no)
        return LNR_FAIL(err, LNR_E_FORMAT,
                        "key 'split.no': the file says it is part %" PRIu32 " of %" PRIu32
                        ", its name says %" PRIu32 " of %" PRIu32,
                        s.no + 1, s.count, no + 1, whole->count);
    if (s.n_tensors != whole->n_tensors)
        return LNR_FAIL(err, LNR_E_FORMAT,
                        "key 'split.tensors.count': the parts disagree (%" PRIu32 " and %" PRIu32
                        ")",
                        whole->n_tensors, s.n_tensors);
    lnr_str ours = {0}, theirs = {0};
    LNR_TRY(gguf_get_str(first, "general.architecture", &ours, err));
    LNR_TRY(gguf_get_str(f, "general.architecture", &theirs, err));
    if (theirs.p && !lnr_str_equal(ours, theirs))
        return LNR_FAIL(err, LNR_E_FORMAT,
                        "key 'general.architecture': the parts disagree ('%.*s' and '%.*s')",
                        LNR_STR(ours), LNR_STR(theirs));
    return LNR_OK;
}

/* Moves the part's tensors to the end of the first part's list. Their names stay in the part's
 * arena. */
static lnr_status take_tensors(gguf_file *first, gguf_file *part, uint32_t no, lnr_error *err) {
    size_t n = first->n_tensors + part->n_tensors; /* both counts are capped */
    gguf_tensor *all = lnr_realloc_array(first->tensor, n, sizeof *all);
    if (all == NULL)
        return LNR_FAIL(err, LNR_E_NOMEM, "no memory for %zu tensors", n);
    first->tensor = all;
    for (size_t i = 0; i < part->n_tensors; i++) {
        all[first->n_tensors + i] = part->tensor[i];
        all[first->n_tensors + i].part = no;
    }
    size_t old = first->n_tensors;
    first->n_tensors = n;
    lnr_free(part->tensor);
    part->tensor = NULL;
    part->n_tensors = 0;
    strmap_deinit(&part->names);
    return gguf_index_tensors(first, old, err);
}

static lnr_status open_part(gguf_file *first, const split_info *whole, const char *path,
                            uint32_t no, lnr_error *err) {
    lnr_error inner = {0};
    gguf_file *f;
    lnr_status st = gguf_open_one(path, &f, &inner);
    if (st == LNR_OK) {
        first->other[first->n_others++] = f;
        st = check_part(first, whole, f, no, &inner);
    }
    if (st == LNR_OK)
        st = take_tensors(first, f, no, &inner);
    if (st == LNR_OK)
        return LNR_OK;
    if (st != LNR_E_FORMAT && st != LNR_E_UNSUPPORTED) /* those lines name the path already */
        return LNR_FAIL(err, st, "part %" PRIu32 " of %" PRIu32 ": %s", no + 1, whole->count,
                        inner.text);
    return LNR_FAIL(err, st, "part %" PRIu32 " of %" PRIu32 ", %s: %s", no + 1, whole->count, path,
                    inner.text);
}

static lnr_status open_others(gguf_file *first, const split_info *whole, lnr_error *err) {
    const char *path = gguf_path(first);
    if (!ends_as_part(path, whole->no, whole->count))
        return LNR_FAIL(err, LNR_E_FORMAT,
                        "key 'split.count': this is part %" PRIu32 " of %" PRIu32
                        ", so its name must end in -%05" PRIu32 "-of-%05" PRIu32 ".gguf",
                        whole->no + 1, whole->count, whole->no + 1, whole->count);
    lnr_buf name;
    buf_init(&name);
    lnr_status st = LNR_OK;
    if (whole->no != 0) {
        const char *p = part_path(&name, path, 0, whole->count);
        st = LNR_FAIL(err, LNR_E_UNSUPPORTED,
                      "this is part %" PRIu32 " of %" PRIu32 " of a model; open the first, %s",
                      whole->no + 1, whole->count, p ? p : "part 1");
    } else {
        first->other = lnr_alloc_array(whole->count - 1, sizeof(gguf_file *));
        if (first->other == NULL)
            st = LNR_FAIL(err, LNR_E_NOMEM, "no memory for %" PRIu32 " parts", whole->count);
    }
    for (uint32_t no = 1; no < whole->count && st == LNR_OK; no++) {
        const char *p = part_path(&name, path, no, whole->count);
        st = p ? open_part(first, whole, p, no, err)
               : LNR_FAIL(err, LNR_E_NOMEM, "no memory for a path");
    }
    buf_deinit(&name);
    return st;
}

static lnr_status open_all(gguf_file *f, lnr_error *err) {
    split_info whole;
    LNR_TRY(read_split(f, &whole, err));
    if (whole.count > 1)
        LNR_TRY(open_others(f, &whole, err));
    if (whole.n_tensors != UINT32_MAX && whole.n_tensors != f->n_tensors)
        return LNR_FAIL(err, LNR_E_FORMAT,
                        "key 'split.tensors.count': is %" PRIu32 ", but there are %zu tensors",
                        whole.n_tensors, f->n_tensors);
    return LNR_OK;
}

lnr_status gguf_open(const char *path, gguf_file **out, lnr_error *err) {
    *out = NULL;
    gguf_file *f;
    LNR_TRY(gguf_open_one(path, &f, err));
    lnr_status st = open_all(f, err);
    if (st != LNR_OK) {
        gguf_close(f);
        return st;
    }
    *out = f;
    return LNR_OK;
}

void gguf_close(gguf_file *f) {
    if (f == NULL)
        return;
    for (uint32_t i = 0; i < f->n_others; i++)
        gguf_close(f->other[i]); /* one level: only the first part has others */
    lnr_free(f->other);
    for (size_t i = 0; i < f->n_values; i++)
        if (f->value[i].kind == GGUF_ARRAY && f->value[i].array.kind == GGUF_STRING)
            lnr_free((void *)(uintptr_t)f->value[i].array.items);
    lnr_free(f->value);
    lnr_free(f->tensor);
    strmap_deinit(&f->keys);
    strmap_deinit(&f->names);
    os_file_close(f->file);
    arena_deinit(&f->mem);
    lnr_free(f);
}

uint32_t gguf_version(const gguf_file *f) {
    return f->version;
}

const char *gguf_path(const gguf_file *f) {
    return os_file_path(f->file);
}

uint32_t gguf_n_parts(const gguf_file *f) {
    return 1 + f->n_others;
}

os_file *gguf_part(const gguf_file *f, uint32_t part) {
    LNR_ASSERT(part <= f->n_others);
    return part == 0 ? f->file : f->other[part - 1]->file;
}

uint64_t gguf_file_bytes(const gguf_file *f) {
    uint64_t sum = os_file_size(f->file); /* cannot wrap: a file has less than 2^63 bytes, a model
                                             at most 1000, and a disk far fewer */
    for (uint32_t i = 0; i < f->n_others; i++)
        sum += os_file_size(f->other[i]->file);
    return sum;
}

uint64_t gguf_header_bytes(const gguf_file *f) {
    uint64_t sum = f->header_bytes;
    for (uint32_t i = 0; i < f->n_others; i++)
        sum += f->other[i]->header_bytes;
    return sum;
}

lnr_status gguf_read_tensor(const gguf_file *f, const gguf_tensor *t, uint64_t skip, void *p,
                            size_t n, lnr_error *err) {
    if (skip > t->bytes || n > t->bytes - skip)
        return LNR_FAIL(err, LNR_E_ARGUMENT,
                        "tensor '%.*s': %zu bytes at %" PRIu64 " are not in its %" PRIu64,
                        LNR_STR(t->name), n, skip, t->bytes);
    return os_file_read_at(gguf_part(f, t->part), t->offset + skip, p, n, err);
}
