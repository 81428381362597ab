/* Reading GGUF model files; every byte is untrusted.
 *
 * A file is: magic "GGUF", version (2 or 3), counts, key-value metadata, tensor descriptions,
 * padding, tensor data (specification: ggml's docs/gguf.md). The header is read into memory once
 * and checked as a whole: counts, string lengths, types, dimensions, alignment, and every tensor's
 * extent against the real size of its file, before anybody sees a value. Tensor data is never
 * touched here.
 *
 * A gguf_file never changes after gguf_open; any thread may read it. Strings and arrays are
 * borrowed from it. A model split over several files is opened by its first part; tensors say in
 * which part they lie. */
#ifndef LNR_GGUF_GGUF_H
#define LNR_GGUF_GGUF_H

#include "base/fail.h"
#include "base/slice.h"
#include "os/os.h"
#include "quant/type.h"

typedef enum gguf_kind {
    GGUF_U8 = 0,
    GGUF_I8,
    GGUF_U16,
    GGUF_I16,
    GGUF_U32,
    GGUF_I32,
    GGUF_F32,
    GGUF_BOOL,
    GGUF_STRING,
    GGUF_ARRAY,
    GGUF_U64,
    GGUF_I64,
    GGUF_F64,
} gguf_kind;

#define GGUF_DIMS_MAX 4

typedef struct gguf_value {
    lnr_str key;
    gguf_kind kind;
    uint64_t offset; /* of the value, bytes from the start of its file: for error lines */
    union {
        uint64_t u; /* U8..U64, BOOL (0 or 1) */
        int64_t i;  /* I8..I64 */
        double f;   /* F32, F64 */
        lnr_str s;  /* STRING */
        struct {
            gguf_kind kind; /* of the items: a scalar kind or STRING, never ARRAY */
            uint64_t n;
            const void *items; /* STRING: lnr_str[n]; else the file's little-endian bytes */
        } array;
    };
} gguf_value;

typedef struct gguf_tensor {
    lnr_str name;
    lnr_type type;
    uint32_t n_dims;             /* 1 to 4 */
    uint64_t dim[GGUF_DIMS_MAX]; /* dim[0] is the row length; 1 beyond n_dims */
    uint64_t n_rows;             /* dim[1] * dim[2] * dim[3] */
    uint64_t offset;             /* of the data, bytes from the start of its file */
    uint64_t bytes;
    uint32_t part; /* which file of a split model */
} gguf_tensor;

typedef struct gguf_file gguf_file;

/* LNR_E_IO, LNR_E_FORMAT (damaged), LNR_E_UNSUPPORTED (version, byte order, tensor type, above a
 * cap, a later part of a split model), LNR_E_NOMEM. The error line names key or tensor and byte; it
 * does not repeat path, except that of a later part. */
lnr_status gguf_open(const char *path, gguf_file **out, lnr_error *err);
void gguf_close(gguf_file *f); /* NULL allowed */

uint32_t gguf_version(const gguf_file *f);
const char *gguf_path(const gguf_file *f);
uint32_t gguf_n_parts(const gguf_file *f);
os_file *gguf_part(const gguf_file *f, uint32_t part);
uint64_t gguf_file_bytes(const gguf_file *f); /* of all parts */
uint64_t
gguf_header_bytes(const gguf_file *f); /* of all parts: everything before the tensor data */

size_t gguf_n_values(const gguf_file *f);
const gguf_value *gguf_value_at(const gguf_file *f, size_t idx);
const gguf_value *gguf_find(const gguf_file *f, const char *key); /* NULL if absent */

size_t gguf_n_tensors(const gguf_file *f);
const gguf_tensor *gguf_tensor_at(const gguf_file *f, size_t idx);
const gguf_tensor *gguf_find_tensor(const gguf_file *f, const char *name); /* NULL if absent */

/* Reads n bytes of a tensor's data starting at byte skip of it. Threads: any. */
lnr_status gguf_read_tensor(const gguf_file *f, const gguf_tensor *t, uint64_t skip, void *p,
                            size_t n, lnr_error *err);

/* Typed access. Absent: *out is left alone and LNR_OK, so that the caller sets the default first,
 * unless the name ends in _required: then LNR_E_FORMAT. Present with another kind or out of range:
 * LNR_E_FORMAT, naming key and offset. Integers of any width and sign are accepted where the value
 * fits. */
lnr_status gguf_get_u32(const gguf_file *f, const char *key, uint32_t *out, lnr_error *err);
lnr_status gguf_get_u32_required(const gguf_file *f, const char *key, uint32_t *out,
                                 lnr_error *err);
lnr_status gguf_get_f32(const gguf_file *f, const char *key, float *out,
                        lnr_error *err); /* finite */
lnr_status gguf_get_bool(const gguf_file *f, const char *key, bool *out, lnr_error *err);
lnr_status gguf_get_str(const gguf_file *f, const char *key, lnr_str *out, lnr_error *err);
lnr_status gguf_get_str_required(const gguf_file *f, const char *key, lnr_str *out, lnr_error *err);

/* An array of the given item kind (NULL if absent); LNR_E_FORMAT if it is something else. */
lnr_status gguf_get_array(const gguf_file *f, const char *key, gguf_kind items,
                          const gguf_value **out, lnr_error *err);

/* The same for an array of integers of any kind. */
lnr_status gguf_get_int_array(const gguf_file *f, const char *key, const gguf_value **out,
                              lnr_error *err);

/* Item idx (< n) of an array value. */
lnr_str gguf_array_str(const gguf_value *v, uint64_t idx);
float gguf_array_f32(const gguf_value *v, uint64_t idx);
int64_t gguf_array_int(const gguf_value *v, uint64_t idx); /* any integer kind or BOOL;
                                                              U64 from 2^63 on come out negative */

const char *gguf_kind_name(gguf_kind kind); /* "u32", "string", "array", ... */

#endif
