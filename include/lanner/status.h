/* Status codes and error details shared by every lanner function.
 *
 * Each function that can fail because of the world (a file, memory, a user) returns an lnr_status
 * and fills the caller's lnr_error, if one is given, with one printable line that names the key,
 * tensor or option and its offset or value. The library never aborts, exits or prints. */
#ifndef LANNER_STATUS_H
#define LANNER_STATUS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define LNR_API       __attribute__((visibility("default")))
#define LNR_NODISCARD __attribute__((warn_unused_result))
#else
#define LNR_API
#define LNR_NODISCARD
#endif

/* code, name for machines, text for people */
#define LNR_STATUS_LIST(X)                                                                         \
    X(LNR_OK, "ok", "success")                                                                     \
    X(LNR_E_ARGUMENT, "argument", "the caller passed a value that is out of range")                \
    X(LNR_E_IO, "io", "the operating system refused a file or memory operation")                   \
    X(LNR_E_FORMAT, "format", "the file or text is damaged")                                       \
    X(LNR_E_UNSUPPORTED, "unsupported", "intact, but this build cannot handle it")                 \
    X(LNR_E_NOMEM, "nomem", "not enough memory")                                                   \
    X(LNR_E_LIMIT, "limit", "more than the stated limit, such as the context length")              \
    X(LNR_E_BUSY, "busy", "full or in use; try again later")                                       \
    X(LNR_E_CANCELLED, "cancelled", "stopped by the caller")                                       \
    X(LNR_E_NUMERIC, "numeric", "the model produced a value that is not finite")

typedef enum lnr_status {
#define X(code, name, text) code,
    LNR_STATUS_LIST(X)
#undef X
} lnr_status;

#define LNR_ERROR_TEXT_MAX 400

/* text is NUL-terminated valid UTF-8 without control characters, whatever the input held. */
typedef struct lnr_error {
    lnr_status code;
    char text[LNR_ERROR_TEXT_MAX];
} lnr_error;

/* Both return static strings, never NULL; "unknown" for a value that is no status. Threads: any. */
LNR_API const char *lnr_status_name(lnr_status status);
LNR_API const char *lnr_status_text(lnr_status status);

#ifdef __cplusplus
}
#endif
#endif
