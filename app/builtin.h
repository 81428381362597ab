/* What comes with the program: the built-in model, and facts about the build. */
#ifndef LNR_APP_BUILTIN_H
#define LNR_APP_BUILTIN_H

#include "base/fail.h"

/* Where the small model lies that runs when no other is named: beside the installed program, else
 * in the source tree it was built from. LNR_E_IO names both places if neither has it. */
lnr_status app_builtin_model(char *path, size_t capacity, lnr_error *err);

const char *app_build_compiler(void); /* "gcc 12.2.0" */
const char *app_build_type(void);     /* "Release" */
const char *app_build_flags(void);    /* "-O3 -DNDEBUG" */
const char *app_build_commit(void);   /* as it was when CMake configured; "unknown" */

#endif
