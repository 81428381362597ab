/* The built-in model's place and the build's facts; see builtin.h. CMake passes the facts to this
 * file alone, so that a new commit recompiles nothing else. */
#include "app/builtin.h"

#include "os/os.h"

#include <stdio.h>

#define MODEL_NAME     "lanner-tiny-q8_0.gguf"
#define PROGRAM_FOLDER 4096

static bool exists(const char *path) {
    os_file *f;
    lnr_status st = os_file_open(path, &f, NULL);
    os_file_close(f);
    return st == LNR_OK;
}

lnr_status app_builtin_model(char *path, size_t capacity, lnr_error *err) {
    char folder[PROGRAM_FOLDER];
    if (os_executable_folder(folder, sizeof folder)) {
        int n = snprintf(path, capacity, "%s/../share/lanner/models/" MODEL_NAME, folder);
        if (n > 0 && (size_t)n < capacity && exists(path))
            return LNR_OK;
    }
    int n = snprintf(path, capacity, "%s/" MODEL_NAME, LNR_BUILTIN_MODEL_DIR);
    if (n > 0 && (size_t)n < capacity && exists(path))
        return LNR_OK;
    return LNR_FAIL(err, LNR_E_IO,
                    "the built-in model " MODEL_NAME " is neither in ../share/lanner/models beside "
                    "the program nor in %s; name a model file",
                    LNR_BUILTIN_MODEL_DIR);
}

const char *app_build_compiler(void) {
#if defined(__clang__)
    return "clang " __clang_version__;
#else
    return "gcc " __VERSION__;
#endif
}

const char *app_build_type(void) {
    return LNR_BUILD_TYPE;
}

const char *app_build_flags(void) {
    return LNR_BUILD_FLAGS;
}

const char *app_build_commit(void) {
    return LNR_BUILD_COMMIT;
}
