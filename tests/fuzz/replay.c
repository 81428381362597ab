/* Runs a fuzz target over files and folders given on the command line: seeds and past failures, in
 * every build and without libFuzzer. Each input is copied to memory of exactly its size, so that a
 * sanitizer sees a read beyond it. */
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int replay_file(const char *path) {
    FILE *f = fopen(path, "rb");
    if (f == NULL || fseek(f, 0, SEEK_END) != 0) {
        perror(path);
        exit(1);
    }
    size_t n = (size_t)ftell(f);
    uint8_t *data = malloc(n ? n : 1);
    rewind(f);
    if (data == NULL || fread(data, 1, n, f) != n) {
        perror(path);
        exit(1);
    }
    fclose(f);
    LLVMFuzzerTestOneInput(data, n);
    free(data);
    return 1;
}

/* How many inputs were run. */
static int replay(const char *path) {
    struct stat info;
    if (stat(path, &info) != 0) {
        perror(path);
        exit(1);
    }
    if (!S_ISDIR(info.st_mode))
        return replay_file(path);
    DIR *folder = opendir(path);
    int n = 0;
    for (struct dirent *e; folder && (e = readdir(folder)) != NULL;) {
        char name[4096];
        if (e->d_name[0] == '.')
            continue;
        snprintf(name, sizeof name, "%s/%s", path, e->d_name);
        n += replay_file(name);
    }
    if (folder)
        closedir(folder);
    return n;
}

int main(int argc, char **argv) {
    int n = 0;
    for (int i = 1; i < argc; i++)
        n += replay(argv[i]);
    printf("%d inputs\n", n);
    return n == 0; /* nothing to run is a failure: the seeds are missing */
}
