/* A GGUF file as the reference reads it: keys by name, tensors decoded to doubles.
 *
 * Written from the GGUF specification and the block layouts, without a line of the engine's reader
 * or formats. It trusts the file: for models that the tests made themselves, never for others. */
#ifndef LNR_TESTS_REFERENCE_FILE_H
#define LNR_TESTS_REFERENCE_FILE_H

#include <stddef.h>
#include <stdint.h>

typedef struct ref_file ref_file;

/* Prints why and returns NULL if the file cannot be read. */
ref_file *ref_file_open(const char *path);
void ref_file_close(ref_file *f); /* NULL allowed */

/* The number under a key; fallback if there is no such key. */
double ref_file_number(const ref_file *f, const char *key, double fallback);

/* The n bytes of the string under a key; NULL if there is no such key. Borrowed. */
const char *ref_file_string(const ref_file *f, const char *key, size_t *n);

/* The same for item idx of an array of strings. */
const char *ref_file_array_string(const ref_file *f, const char *key, uint64_t idx, size_t *n);

/* A tensor as doubles. */
typedef struct ref_matrix {
    double *w; /* (n_rows, n_cols), owned; NULL: no such tensor, or of an unknown format */
    size_t n_rows, n_cols;
    size_t
        act_width; /* inputs that share one int8 scale in the engine; 0: it does not round them */
} ref_matrix;

ref_matrix ref_file_matrix(const ref_file *f, const char *name);

#endif
