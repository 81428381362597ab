/* The engine's logits against the reference's, and against themselves.
 *
 *   test_logits make DIR [ARGS]     writes the models of cases.h; ARGS, as "--seed 7", overrule
 *   test_logits compare DIR [ISA]   against the reference, at every position of several prompts
 *   test_logits hash DIR ISA        bits, however they are computed, against golden.txt
 *   test_logits golden DIR          prints golden.txt anew
 *   test_logits measure DIR         prints the errors that compare's bounds come from
 *   test_logits stories DATA        the greedy text of a trained model is the reference's
 *
 * Two proofs that need each other: the reference shows that the numbers are right but not their
 * last bits; the hashes hold the bits but not that they are right. Exit 77: this machine lacks ISA.
 */
#include "backend/cpu/cpu.h"
#include "loaded.h"

#include <lanner/machine.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXIT_SKIP 77

/* One run of the generator makes all: most of its time would be Python's start. */
static bool make_all(const char *dir, const char *more) {
    char list[512], path[512], command[2048];
    snprintf(list, sizeof list, "%s/cases.txt", dir);
    FILE *f = fopen(list, "w");
    if (f == NULL)
        return false;
    for (size_t i = 0; i < N_MODEL_CASES; i++) {
        model_path(path, dir, &model_cases[i]);
        fprintf(f, "'%s' %s %s\n", path, model_cases[i].args, more);
    }
    fclose(f);
    snprintf(command, sizeof command, "'%s' '%s' < '%s'", LNR_PYTHON, LNR_MAKE_TINY, list);
    return system(command) == 0;
}

static bool each_case(const char *dir, bool (*check)(loaded *)) {
    bool ok = true;
    for (size_t i = 0; i < N_MODEL_CASES; i++) {
        loaded l;
        bool passed = load(&l, dir, &model_cases[i]) && check(&l);
        unload(&l);
        if (!passed)
            fprintf(stderr, "FAILED case %s\n", model_cases[i].name);
        ok = ok && passed;
    }
    return ok;
}

/* data: the folder of files from outside; only if it is absent is the test skipped. */
static int story(const char *data) {
    char path[512];
    snprintf(path, sizeof path, "%s/README.md", data);
    FILE *f = fopen(path, "r");
    if (f == NULL) {
        fprintf(stderr, "skipped: %s is not there\n", path);
        return EXIT_SKIP;
    }
    fclose(f);
    snprintf(path, sizeof path, "%s/models", data);
    model_case c = {.name = "stories260K", .n_tokens = N_TOKENS_MAX};
    loaded l;
    bool ok = load(&l, path, &c) && story_case(&l);
    unload(&l);
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv) {
    lnr_error err = {0};
    const char *command = argc >= 3 ? argv[1] : "", *where = argv[argc >= 3 ? 2 : 0];
    if (strcmp(command, "make") == 0)
        return make_all(where, argc > 3 ? argv[3] : "") ? EXIT_SUCCESS : EXIT_FAILURE;
    lnr_status limited = argc > 3 ? cpu_isa_limit(argv[3], &err) : LNR_OK;
    if (limited) {
        fprintf(stderr, "skipped: %s\n", err.text);
        return limited == LNR_E_UNSUPPORTED ? EXIT_SKIP : EXIT_FAILURE;
    }
    bool ok = false;
    if (strcmp(command, "compare") == 0) {
        ok = each_case(where, compare_case);
    } else if (strcmp(command, "hash") == 0) {
        ok = each_case(where, hash_case);
    } else if (strcmp(command, "measure") == 0) {
        ok = each_case(where, measure_case);
    } else if (strcmp(command, "golden") == 0) {
        printf("arith %d\n", LNR_ARITH_VERSION);
        ok = each_case(where, print_golden);
    } else if (strcmp(command, "stories") == 0) {
        return story(where);
    } else {
        fprintf(stderr, "usage: test_logits make|compare|hash|measure|golden|stories PATH [ISA]\n");
    }
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
