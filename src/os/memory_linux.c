/* Memory straight from the kernel: large zeroed regions on huge pages, and guarded ones for tests.
 */
#define _GNU_SOURCE
#include "os/os.h"

#include <sys/mman.h>
#include <unistd.h>

#define HUGE_PAGE ((size_t)2 << 20)

static size_t page_bytes(void) {
    return (size_t)sysconf(_SC_PAGESIZE);
}

static size_t round_to(size_t n, size_t multiple) {
    return (n + multiple - 1) / multiple * multiple;
}

static void *map(size_t bytes) {
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

void *os_memory_alloc(size_t bytes) {
    if (bytes == 0 || bytes > SIZE_MAX / 4)
        return NULL;
    if (bytes < HUGE_PAGE)
        return map(round_to(bytes, page_bytes()));
    /* mmap aligns to small pages: take one huge page more and give back what lies outside. */
    size_t size = round_to(bytes, page_bytes());
    char *p = map(size + HUGE_PAGE);
    if (p == NULL)
        return NULL;
    size_t before = round_to((uintptr_t)p, HUGE_PAGE) - (uintptr_t)p;
    if (before)
        munmap(p, before);
    munmap(p + before + size, HUGE_PAGE - before);
    (void)madvise(p + before, size, MADV_HUGEPAGE); /* advice: refused where the kernel lacks it */
    return p + before;
}

void os_memory_free(void *p, size_t bytes) {
    if (p)
        munmap(p, round_to(bytes, page_bytes()));
}

void *os_guarded_alloc(size_t bytes) {
    size_t page = page_bytes();
    size_t size = round_to(bytes ? bytes : 1, page);
    char *p = map(size + page);
    if (p == NULL)
        return NULL;
    if (mprotect(p + size, page, PROT_NONE) != 0) {
        munmap(p, size + page);
        return NULL;
    }
    return p + size - bytes;
}

void os_guarded_free(void *p, size_t bytes) {
    if (p == NULL)
        return;
    size_t page = page_bytes();
    size_t size = round_to(bytes ? bytes : 1, page);
    munmap((char *)p + bytes - size, size + page);
}
