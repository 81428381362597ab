/* See temp.h: only app/ looks at the environment. */
#include "app/temp.h"

#include "os/os.h"

#include <stdlib.h>

lnr_status app_temp_folder(char *path, size_t capacity, lnr_error *err) {
    const char *parent = getenv("TMPDIR");
    return os_folder_create_temp(parent && *parent ? parent : "/tmp", path, capacity, err);
}
