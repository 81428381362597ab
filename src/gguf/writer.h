/* Writing GGUF files, version 3.
 *
 * Use: create; values and tensors in the order they shall have; start, which writes the header; the
 * data of each tensor in that order, in pieces of any size; finish. Values and tensors return
 * nothing: the first mistake is kept, what follows it does nothing, and start reports it. The file
 * appears under its name only when finish succeeds. What the writer accepts, gguf_open accepts. Not
 * thread-safe. */
#ifndef LNR_GGUF_WRITER_H
#define LNR_GGUF_WRITER_H

#include "gguf/gguf.h"

typedef struct gguf_writer gguf_writer;

/* LNR_E_IO, LNR_E_NOMEM. */
lnr_status gguf_writer_create(const char *path, gguf_writer **out, lnr_error *err);
void gguf_writer_abandon(gguf_writer *w); /* no file is left; frees w; NULL allowed */

/* Copies v: any kind, as gguf_value_at gives it (v->offset is ignored). general.alignment sets the
 * alignment of the data too; without it that is 32. */
void gguf_writer_value(gguf_writer *w, const gguf_value *v);

void gguf_writer_u32(gguf_writer *w, const char *key, uint32_t x);
void gguf_writer_i32(gguf_writer *w, const char *key, int32_t x);
void gguf_writer_u64(gguf_writer *w, const char *key, uint64_t x);
void gguf_writer_f32(gguf_writer *w, const char *key, float x);
void gguf_writer_bool(gguf_writer *w, const char *key, bool x);
void gguf_writer_str(gguf_writer *w, const char *key, lnr_str x);

/* items: n scalars, little endian (a C array on the machines we run on), or lnr_str[n] for STRING.
 */
void gguf_writer_array(gguf_writer *w, const char *key, gguf_kind items_kind, uint64_t n,
                       const void *items);

/* name is copied; at most 63 bytes, as other programs refuse longer ones. */
void gguf_writer_tensor(gguf_writer *w, lnr_str name, lnr_type type, uint32_t n_dims,
                        const uint64_t *dim);

/* LNR_E_ARGUMENT (a bad or repeated key, name or shape), LNR_E_NOMEM, LNR_E_IO. */
lnr_status gguf_writer_start(gguf_writer *w, lnr_error *err);

/* The next n bytes of tensor idx (in order of declaration). LNR_E_ARGUMENT if that is more than it
 * has, or if an earlier tensor is not complete; LNR_E_IO. */
lnr_status gguf_writer_data(gguf_writer *w, size_t idx, const void *p, size_t n, lnr_error *err);

/* LNR_E_ARGUMENT if a tensor is not complete, LNR_E_IO. Frees w, on failure too. */
lnr_status gguf_writer_finish(gguf_writer *w, lnr_error *err);

#endif
