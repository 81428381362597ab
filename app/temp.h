/* A folder for files that live as long as the program needs them. */
#ifndef LNR_APP_TEMP_H
#define LNR_APP_TEMP_H

#include "base/fail.h"

/* Makes one under $TMPDIR, or /tmp; removed with os_folder_remove once it is empty. */
lnr_status app_temp_folder(char *path, size_t capacity, lnr_error *err);

#endif
