/* Streams one tensor from a file to another in another type: rows are read, decoded, encoded and
 * written in order, a few MiB at a time.
 *
 * The one idea: the tensor is cut into spans of some 32 thousand weights that are converted
 * independently, a batch of them at once by all threads, each span into its own place of the batch.
 * So the bytes do not depend on the threads, and memory not on the model. */
#ifndef LNR_TOOLS_CONVERT_H
#define LNR_TOOLS_CONVERT_H

#include "gguf/writer.h"

typedef struct converter converter;

lnr_status converter_create(uint32_t n_threads, converter **out, lnr_error *err);
void converter_destroy(converter *c); /* NULL allowed */

typedef struct convert_job {
    const gguf_file *file;
    const gguf_tensor *tensor;
    lnr_type to;             /* the tensor's own type: the bytes are copied */
    const float *importance; /* (n_matrices, n_cols), or NULL */
    gguf_writer *writer;
    size_t idx; /* of the tensor in the writer */
    /* bytes of the source done since the last call; false stops. May be NULL. */
    bool (*on_progress)(uint64_t bytes, void *user);
    void *user;
} convert_job;

/* *rmse: of the new weights against the old. LNR_E_UNSUPPORTED (a type without decoder or encoder),
 * LNR_E_FORMAT (a weight is not finite), LNR_E_ARGUMENT (a weight is too large for the new type),
 * LNR_E_IO, LNR_E_CANCELLED; the line names the tensor. */
lnr_status convert_tensor(converter *c, const convert_job *job, double *rmse, lnr_error *err);

/* LNR_E_UNSUPPORTED unless this build can turn one type into the other. */
lnr_status convert_check(const gguf_tensor *t, lnr_type to, lnr_error *err);

#endif
