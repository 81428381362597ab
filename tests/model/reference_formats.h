/* The block formats of GGUF files, each decoded to doubles: written from the formats' public
 * layouts, without a line of src/quant. What a block means, not how to compute with it fast. */
#ifndef LNR_TESTS_REFERENCE_FORMATS_H
#define LNR_TESTS_REFERENCE_FORMATS_H

#include <stddef.h>
#include <stdint.h>

typedef struct ref_format {
    uint32_t id;         /* in GGUF files */
    size_t width, bytes; /* of a block: values, and their bytes */
    size_t act_width;    /* inputs that share one int8 scale in the engine; 0: it rounds none */
    void (*decode)(const uint8_t *p, double *w); /* one block */
} ref_format;

/* NULL: no such format. */
const ref_format *ref_format_find(uint64_t id);

/* Little-endian values. */
uint64_t ref_get(const uint8_t *p, int n_bytes);
double ref_get_f32(const uint8_t *p);

#endif
