/* Finds the name somebody meant to type. */
#ifndef LNR_APP_NEAREST_H
#define LNR_APP_NEAREST_H

#include <stddef.h>

/* The most similar of n names, or NULL if none is similar enough to be worth naming. Among equals
 * the first in the list. Borrowed from names. */
const char *app_nearest(const char *word, const char *const *names, size_t n);

#endif
