/* Files on Linux: opening for reading, positioned reads, and writing under a temporary name that
 * replaces its target only when complete; see os.h. */
#define _GNU_SOURCE
#include "os/os.h"

#include "base/alloc.h"
#include "base/slice.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct os_file {
    int fd;
    uint64_t size;
    struct timespec changed; /* at opening: when its content last changed */
    char *path;              /* owned */
};

static const char *kind_of(mode_t mode) {
    if (S_ISDIR(mode))
        return "a directory";
    if (S_ISFIFO(mode))
        return "a pipe";
    if (S_ISSOCK(mode))
        return "a socket";
    return "a device";
}

lnr_status os_file_open(const char *path, os_file **out, lnr_error *err) {
    *out = NULL;
    /* Without O_NONBLOCK opening a pipe would wait for its writer. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return LNR_FAIL(err, LNR_E_IO, "%s%s: cannot open: %s", LNR_PATH(path), strerror(errno));
    lnr_status st = LNR_OK;
    struct stat info;
    os_file *f = NULL;
    if (fstat(fd, &info) != 0)
        st = LNR_FAIL(err, LNR_E_IO, "%s%s: cannot examine: %s", LNR_PATH(path), strerror(errno));
    else if (!S_ISREG(info.st_mode))
        st = LNR_FAIL(err, LNR_E_IO, "%s%s: is %s, not a regular file", LNR_PATH(path),
                      kind_of(info.st_mode));
    else if ((f = lnr_new(os_file)) == NULL || (f->path = lnr_strdup_n(path, strlen(path))) == NULL)
        st = LNR_FAIL(err, LNR_E_NOMEM, "%s%s: no memory to open it", LNR_PATH(path));
    if (st) {
        lnr_free(f);
        close(fd);
        return st;
    }
    f->fd = fd;
    f->size = (uint64_t)info.st_size;
    f->changed = info.st_mtim;
    *out = f;
    return LNR_OK;
}

void os_file_close(os_file *f) {
    if (f == NULL)
        return;
    close(f->fd);
    lnr_free(f->path);
    lnr_free(f);
}

uint64_t os_file_size(const os_file *f) {
    return f->size;
}

const char *os_file_path(const os_file *f) {
    return f->path;
}

bool os_file_unchanged(const os_file *f) {
    struct stat now;
    return fstat(f->fd, &now) == 0 && (uint64_t)now.st_size == f->size &&
           now.st_mtim.tv_sec == f->changed.tv_sec && now.st_mtim.tv_nsec == f->changed.tv_nsec;
}

bool os_file_is_at(const os_file *f, const char *path) {
    struct stat ours, other;
    return fstat(f->fd, &ours) == 0 && stat(path, &other) == 0 && ours.st_dev == other.st_dev &&
           ours.st_ino == other.st_ino;
}

lnr_status os_file_read_at(os_file *f, uint64_t offset, void *p, size_t n, lnr_error *err) {
    char *to = p;
    while (n > 0) {
        ssize_t got = pread(f->fd, to, n, (off_t)offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return LNR_FAIL(err, LNR_E_IO, "%s%s: cannot read at byte %llu: %s", LNR_PATH(f->path),
                            (unsigned long long)offset, strerror(errno));
        if (got == 0)
            return LNR_FAIL(err, LNR_E_IO, "%s%s: ends at byte %llu, %zu more expected",
                            LNR_PATH(f->path), (unsigned long long)offset, n);
        to += got;
        n -= (size_t)got;
        offset += (uint64_t)got;
    }
    return LNR_OK;
}

struct os_writer {
    int fd;
    uint64_t end;
    char *path, *temporary; /* owned */
};

static void writer_free(os_writer *w) {
    if (w->fd >= 0)
        close(w->fd);
    lnr_free(w->path);
    lnr_free(w->temporary);
    lnr_free(w);
}

lnr_status os_writer_open_private(const char *path, os_writer **out, lnr_error *err) {
    *out = NULL;
    static const char suffix[] = ".XXXXXX.part";
    os_writer *w = lnr_new(os_writer);
    size_t n = strlen(path);
    if (w == NULL || (w->path = lnr_strdup_n(path, n)) == NULL ||
        (w->temporary = lnr_alloc(n + sizeof suffix)) == NULL) {
        if (w)
            lnr_free(w->path);
        lnr_free(w);
        return LNR_FAIL(err, LNR_E_NOMEM, "%s%s: no memory to write it", LNR_PATH(path));
    }
    memcpy(w->temporary, path, n);
    memcpy(w->temporary + n, suffix, sizeof suffix);
    w->fd = mkostemps(w->temporary, 5, O_CLOEXEC);
    if (w->fd < 0) {
        lnr_status st =
            LNR_FAIL(err, LNR_E_IO, "%s%s: cannot create: %s", LNR_PATH(path), strerror(errno));
        writer_free(w);
        return st;
    }
    *out = w; /* mkostemps made it private */
    return LNR_OK;
}

lnr_status os_writer_open(const char *path, os_writer **out, lnr_error *err) {
    LNR_TRY(os_writer_open_private(path, out, err));
    /* A model file is as public as the user's umask says. */
    mode_t mask = umask(0);
    umask(mask);
    (void)fchmod((*out)->fd, 0666 & ~mask);
    return LNR_OK;
}

lnr_status os_writer_write_at(os_writer *w, uint64_t offset, const void *p, size_t n,
                              lnr_error *err) {
    const char *from = p;
    while (n > 0) {
        ssize_t put = pwrite(w->fd, from, n, (off_t)offset);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return LNR_FAIL(err, LNR_E_IO, "%s%s: cannot write at byte %llu: %s", LNR_PATH(w->path),
                            (unsigned long long)offset, put ? strerror(errno) : "nothing taken");
        from += put;
        n -= (size_t)put;
        offset += (uint64_t)put;
    }
    return LNR_OK;
}

lnr_status os_writer_write(os_writer *w, const void *p, size_t n, lnr_error *err) {
    LNR_TRY(os_writer_write_at(w, w->end, p, n, err));
    w->end += n;
    return LNR_OK;
}

/* Makes the new name itself durable. A file system that cannot sync a directory is no failure. */
static void sync_folder_of(const char *path) {
    const char *slash = strrchr(path, '/');
    char *folder = slash ? lnr_strdup_n(path, (size_t)(slash - path) + 1) : lnr_strdup_n(".", 1);
    int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (fd >= 0) {
        (void)fsync(fd);
        close(fd);
    }
    lnr_free(folder);
}

lnr_status os_writer_commit(os_writer *w, lnr_error *err) {
    lnr_status st = LNR_OK;
    if (fsync(w->fd) != 0 || rename(w->temporary, w->path) != 0) {
        st = LNR_FAIL(err, LNR_E_IO, "%s%s: cannot complete: %s", LNR_PATH(w->path),
                      strerror(errno));
        os_writer_abandon(w);
        return st;
    }
    sync_folder_of(w->path);
    writer_free(w);
    return LNR_OK;
}

void os_writer_abandon(os_writer *w) {
    (void)unlink(w->temporary);
    writer_free(w);
}

/* Makes the folders that path lies in, private ones as the XDG rules want. Failure shows when the
 * file itself is opened. */
static void make_folders_of(char *path) {
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void)mkdir(path, 0700);
        *slash = '/';
    }
}

lnr_status os_append_private(const char *path, const void *p, size_t n, lnr_error *err) {
    char *own = lnr_strdup_n(path, strlen(path));
    if (own == NULL)
        return LNR_FAIL(err, LNR_E_NOMEM, "%s%s: no memory to write it", LNR_PATH(path));
    make_folders_of(own);
    lnr_free(own);
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
    if (fd < 0)
        return LNR_FAIL(err, LNR_E_IO, "%s%s: cannot open: %s", LNR_PATH(path), strerror(errno));
    lnr_status st = LNR_OK;
    ssize_t put = write(fd, p, n); /* one call, so that two programs' lines do not mix */
    if (put < 0 || (size_t)put != n)
        st = LNR_FAIL(err, LNR_E_IO, "%s%s: cannot write: %s", LNR_PATH(path),
                      put < 0 ? strerror(errno) : "nothing taken");
    close(fd);
    return st;
}

bool os_is_terminal(int fd) {
    return isatty(fd) == 1;
}

lnr_status os_folder_create_temp(const char *parent, char *path, size_t capacity, lnr_error *err) {
    int n = snprintf(path, capacity, "%s/lanner-XXXXXX", parent);
    if (n < 0 || (size_t)n >= capacity)
        return LNR_FAIL(err, LNR_E_ARGUMENT, "%s%s: the name is too long", LNR_PATH(parent));
    if (mkdtemp(path) == NULL)
        return LNR_FAIL(err, LNR_E_IO, "%s%s: cannot make a folder: %s", LNR_PATH(parent),
                        strerror(errno));
    return LNR_OK;
}

void os_file_remove(const char *path) {
    (void)unlink(path);
}

void os_folder_remove(const char *path) {
    (void)rmdir(path);
}
