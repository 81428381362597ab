/* What gguf_open builds: one struct per file; the first of a split model owns the others. Internal
 * to gguf/. cursor.c reads bytes, reader.c one file, tensors.c its tensor list, parts.c the whole
 * model; values.c answers questions about it. */
#ifndef LNR_GGUF_FILE_H
#define LNR_GGUF_FILE_H

#include "base/arena.h"
#include "base/strmap.h"
#include "gguf/cursor.h"
#include "gguf/gguf.h"

struct gguf_file {
    os_file *file;
    arena mem; /* the header's bytes; every lnr_str below points into it */
    uint32_t version;
    uint32_t alignment;    /* of tensor offsets, a power of two */
    uint64_t header_bytes; /* up to where the tensor data begins, or the file ends */

    gguf_value *value; /* (n_values) in the file's order; owned, with the items of string arrays */
    size_t n_values;
    strmap keys; /* to indices of value */

    gguf_tensor *tensor; /* (n_tensors) in the file's order, of all parts in the first; owned */
    size_t n_tensors;
    strmap names; /* to indices of tensor */

    gguf_file **other; /* (n_others) parts 2, 3, ... of a split model; owned, in the first only */
    uint32_t n_others;
};

/* Opens and checks one file, whatever its split.* keys say. */
lnr_status gguf_open_one(const char *path, gguf_file **out, lnr_error *err);

/* Reads n_tensors descriptions and checks them: against each other and against the size of the
 * file. */
lnr_status gguf_read_tensors(gguf_file *f, gguf_cursor *c, uint64_t n_tensors, lnr_error *err);

/* Adds names[first..] to the map; an equal name is LNR_E_FORMAT. */
lnr_status gguf_index_tensors(gguf_file *f, size_t first, lnr_error *err);

/* Fills the union of v (u, i or f) from a scalar's bytes. */
void gguf_load_scalar(gguf_kind kind, const uint8_t *p, gguf_value *v);

#endif
