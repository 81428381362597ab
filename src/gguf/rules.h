/* What a valid GGUF file is, where reader and writer must agree: sizes, names, alignment, shapes.
 * Internal to gguf/. */
#ifndef LNR_GGUF_RULES_H
#define LNR_GGUF_RULES_H

#include "gguf/gguf.h"

/* More than any real file needs, and little enough that a hostile one (it may be sparse) cannot
 * exhaust us: a header holds a vocabulary, up to some 20 MiB, and the names of tensors. */
#define GGUF_HEADER_MAX       ((uint64_t)256 << 20)
#define GGUF_N_VALUES_MAX     65536u
#define GGUF_N_TENSORS_MAX    (1u << 20)
#define GGUF_KEY_BYTES_MAX    65535u
#define GGUF_NAME_BYTES_MAX   256u
#define GGUF_STRING_BYTES_MAX ((uint64_t)16 << 20)
#define GGUF_N_ITEMS_MAX      ((uint64_t)64 << 20)

#define GGUF_ALIGNMENT_DEFAULT 32u
#define GGUF_ALIGNMENT_MAX     65536u

/* Bytes of one scalar or array item; 0 for STRING and ARRAY. */
size_t gguf_kind_bytes(gguf_kind kind);

/* What is wrong with a key's or tensor's name ("is empty", ...); NULL if nothing. Control
 * characters are wrong because names end in logs and terminals. */
const char *gguf_name_wrong(lnr_str name);

/* The value of key general.alignment. */
lnr_status gguf_check_alignment(const gguf_value *v, uint32_t *out, lnr_error *err);

/* From n_dims (1 to 4), dim[] and a known type: sets the unused dim[], n_rows and bytes.
 * LNR_E_FORMAT with a line that the caller puts the tensor's name before. */
lnr_status gguf_shape_tensor(gguf_tensor *t, lnr_error *err);

#endif
