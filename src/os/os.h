/* The whole boundary to the operating system: files, memory, threads, waiting, clock, CPU quota.
 *
 * No POSIX type appears here, so that another system is another implementation of this one header.
 * Functions that can fail return an lnr_status with a line that names the path or the amount. */
#ifndef LNR_OS_OS_H
#define LNR_OS_OS_H

#include "base/fail.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- files ------------------------------------------------------------------------------------
 */

typedef struct os_file os_file;

/* Opens a regular file for reading. Directories, pipes and devices are refused by name: a model is
 * a regular file, and reading /dev/zero would never end. */
lnr_status os_file_open(const char *path, os_file **out, lnr_error *err);
void os_file_close(os_file *f);          /* NULL allowed */
uint64_t os_file_size(const os_file *f); /* as it was at opening */
const char *os_file_path(const os_file *f);

/* Whether nobody wrote to the file since it was opened, as far as its size and times tell. */
bool os_file_unchanged(const os_file *f);
/* Whether path leads to this very file, by whatever name; false if there is none at path. */
bool os_file_is_at(const os_file *f, const char *path);

/* Reads exactly n bytes at offset; a file that became shorter is LNR_E_IO. Threads: any. */
lnr_status os_file_read_at(os_file *f, uint64_t offset, void *p, size_t n, lnr_error *err);

/* A file written under a temporary name beside its target; commit flushes it to the disk and
 * renames it, so that the final name holds the old or the complete new content, never a part. */
typedef struct os_writer os_writer;
lnr_status os_writer_open(const char *path, os_writer **out, lnr_error *err);
lnr_status os_writer_open_private(const char *path, os_writer **out,
                                  lnr_error *err); /* for its owner alone: mode 0600 */
lnr_status os_writer_write(os_writer *w, const void *p, size_t n, lnr_error *err);
lnr_status os_writer_write_at(os_writer *w, uint64_t offset, const void *p, size_t n,
                              lnr_error *err); /* threads: any; does not move the end of write */
lnr_status os_writer_commit(os_writer *w, lnr_error *err); /* frees w, on failure too */
void os_writer_abandon(os_writer *w);                      /* removes the temporary file, frees w */

/* Makes a new folder that only this user can enter, under parent; its name goes to path. */
lnr_status os_folder_create_temp(const char *parent, char *path, size_t capacity, lnr_error *err);
/* Both do nothing where there is nothing, or the system refuses. A folder must be empty. */
void os_file_remove(const char *path);
void os_folder_remove(const char *path);

/* Appends to a private file, which is made if there is none; missing folders of its path too. */
lnr_status os_append_private(const char *path, const void *p, size_t n, lnr_error *err);

/* ---- memory -----------------------------------------------------------------------------------
 */

/* Zeroed anonymous memory, 2 MiB aligned with transparent huge pages asked for when it is large
 * enough to profit, page aligned else. bytes is what must be given to os_memory_free. NULL when
 * short. */
void *os_memory_alloc(size_t bytes);
void os_memory_free(void *p, size_t bytes);

/* Test aid: bytes usable bytes that end exactly at a page nobody may touch. */
void *os_guarded_alloc(size_t bytes);
void os_guarded_free(void *p, size_t bytes);

/* ---- threads and waiting ----------------------------------------------------------------------
 */

typedef struct os_thread os_thread;

/* Runs fn(arg) on a new thread. cpu >= 0 pins it to that CPU (a refusal by the system is no error).
 */
lnr_status os_thread_start(void (*fn)(void *), void *arg, int cpu, os_thread **out, lnr_error *err);
void os_thread_join(os_thread *t);

/* The calling thread, and limiting a thread of this process to some CPUs (a refusal is no error).
 */
uint64_t os_thread_self(void);
void os_thread_bind(uint64_t thread, const int *cpus, unsigned n);

/* Sleeps while *word == expected, until os_wake or for a while; may return early. */
void os_wait(const uint32_t *word, uint32_t expected);
void os_wake_all(const uint32_t *word);
void os_pause(void); /* one step of a spinning loop */

typedef struct os_mutex os_mutex;
os_mutex *os_mutex_create(void);    /* NULL when memory is short */
void os_mutex_destroy(os_mutex *m); /* NULL allowed */
void os_mutex_lock(os_mutex *m);
void os_mutex_unlock(os_mutex *m);

/* ---- floating point ---------------------------------------------------------------------------
 */

/* Puts the calling thread's rounding mode and flush-to-zero bits to the IEEE default and returns
 * what they were; restore hands that back. Results must not depend on what a host program set. */
uint32_t os_fp_default(void);
void os_fp_restore(uint32_t saved);

/* ---- clock and limits -------------------------------------------------------------------------
 */

uint64_t os_now_ns(void); /* monotonic */

/* The time of day: seconds since 1970 in UTC, and what local time is ahead of it. */
void os_wall_clock(int64_t *unix_seconds, int32_t *utc_offset_seconds);

/* CPUs this process may run on (affinity at the first call), at least 1; ids go to cpus if not
 * NULL. */
unsigned os_cpus(int *cpus, unsigned n_max);

/* CPU time per second the cgroup grants, in CPUs (1.5 = one and a half); 0 when there is no quota.
 */
double os_cpu_quota(void);

/* How the system gives out huge pages: "always", "madvise", "never"; "" if it does not tell. */
void os_huge_pages(char *mode, size_t capacity);

uint64_t os_memory_total(void);     /* bytes this process may use: the machine's or the cgroup's */
uint64_t os_memory_available(void); /* of these, free or reclaimable now */
uint64_t os_memory_resident(void);  /* of this process now */

bool os_is_terminal(int fd);

/* Asks that this process may use AMX's tile registers, which the system does not save unasked;
 * false if it refuses. Later signal stacks (sigaltstack) must have room for them, 11 KB. */
bool os_tiles_request(void);

/* Calls handler at each SIGINT from now on, on whichever thread it arrives, and lets it break off a
 * blocking read or write. A SIGINT that was ignored (nohup, a background job) stays so. */
void os_interrupt_handler(void (*handler)(int signal_number));

/* ---- this program -----------------------------------------------------------------------------
 */

/* The folder of the running program's file, links resolved; false if the system does not tell. */
bool os_executable_folder(char *path, size_t capacity);

uint64_t os_random(void); /* differs from run to run; not for keys */

/* Fills the places of standard input, output and error that the caller closed, so that no file
 * opened later becomes "standard output" by accident; using them still fails, as it should. Once,
 * at start. */
void os_standard_files_occupy(void);

#endif
