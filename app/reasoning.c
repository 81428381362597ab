/* The splitter of answers; see reasoning.h. Byte by byte: every mark is ASCII, so that no character
 * is ever cut, and answers come slowly enough. */
#include "app/reasoning.h"

typedef struct mark {
    const char *open, *close;
} mark;

/* As in the templates of, in this order: Qwen, DeepSeek, GLM, Granite, SmolLM; Seed; Mistral;
 * Cohere; gpt-oss; Gemma. */
static const mark marks[] = {
    {"<think>", "</think>"},
    {"<seed:think>", "</seed:think>"},
    {"[THINK]", "[/THINK]"},
    {"<|START_THINKING|>", "<|END_THINKING|>"},
    {"<|channel|>analysis<|message|>", "<|end|>"},
    {"<|channel>thought\n", "<channel|>"},
};
#define N_MARKS ((int)(sizeof marks / sizeof marks[0]))

/* Introduce an answer and are no part of it. */
static const char *const labels[] = {"<|start|>assistant", "<|channel|>final<|message|>"};
#define N_LABELS ((int)(sizeof labels / sizeof labels[0]))

static bool is_blank(char c) {
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

void app_reasoning_init(app_reasoning *r, lnr_str prompt, app_part_sink sink, void *user) {
    *r = (app_reasoning){.sink = sink, .user = user, .kind = -1};
    buf_init(&r->ready);
    for (int i = 0; i < N_MARKS; i++) {
        lnr_str open = lnr_str_from(marks[i].open), end = prompt;
        while (end.n > 0 && is_blank(end.p[end.n - 1]))
            end.n--;
        while (open.n > 0 && is_blank(open.p[open.n - 1]))
            open.n--;
        if (end.n >= open.n && memcmp(end.p + end.n - open.n, open.p, open.n) == 0)
            r->kind = i;
    }
}

void app_reasoning_deinit(app_reasoning *r) {
    buf_deinit(&r->ready);
}

bool app_reasoning_failed(const app_reasoning *r) {
    return buf_failed(&r->ready);
}

/* The i-th mark that may stand here, or NULL after the last. */
static const char *candidate(const app_reasoning *r, int i) {
    if (r->kind >= 0)
        return i == 0 ? marks[r->kind].close : NULL;
    if (r->has_answer)
        return NULL;
    if (i < N_MARKS)
        return marks[i].open;
    return i < N_MARKS + N_LABELS ? labels[i - N_MARKS] : NULL;
}

static void flush(app_reasoning *r) {
    if (r->ready.n == 0 || buf_failed(&r->ready))
        return; /* a failure stays, to be asked for */
    r->sink(r->part, r->ready.p, r->ready.n, r->user);
    buf_clear(&r->ready);
}

/* Takes n bytes from the front of what is held. */
static void give(app_reasoning *r, app_part part, size_t n) {
    if (part != r->part)
        flush(r);
    r->part = part;
    buf_add(&r->ready, r->held, n);
    r->n_held -= n;
    memmove(r->held, r->held + n, r->n_held);
}

/* The byte in front turned out to be no part of a mark. */
static void give_byte(app_reasoning *r) {
    bool inside = r->kind >= 0;
    if (!inside && !is_blank(r->held[0]))
        r->has_answer = true;
    give(r, inside ? APP_PART_REASONING : APP_PART_ANSWER, 1);
}

/* The mark that the held bytes are or begin, or NULL; *row: which candidate it is. */
static const char *find_mark(const app_reasoning *r, int *row) {
    const char *text;
    for (*row = 0; (text = candidate(r, *row)) != NULL; ++*row)
        if (strncmp(text, r->held, r->n_held) == 0)
            return text;
    return NULL;
}

static void take_mark(app_reasoning *r, int row) {
    give(r, APP_PART_MARK, r->n_held);
    if (r->kind >= 0)
        r->kind = -1;
    else if (row < N_MARKS)
        r->kind = row;
}

_Static_assert(sizeof "<|channel|>analysis<|message|>" <= APP_REASONING_MARK_MAX,
               "the longest mark has to fit into held");

void app_reasoning_add(app_reasoning *r, lnr_str text) {
    for (size_t i = 0; i < text.n; i++) {
        r->held[r->n_held++] = text.p[i];
        while (r->n_held > 0) {
            int row;
            const char *found = find_mark(r, &row);
            if (found == NULL) {
                give_byte(r);
                continue;
            }
            if (strlen(found) == r->n_held)
                take_mark(r, row);
            break;
        }
    }
    flush(r);
}

void app_reasoning_end(app_reasoning *r) {
    while (r->n_held > 0)
        give_byte(r);
    flush(r);
}

bool app_reasoning_wants(lnr_str token) {
    for (int i = 0; i < N_MARKS + N_LABELS; i++) {
        const char *text[2] = {i < N_MARKS ? marks[i].open : labels[i - N_MARKS],
                               i < N_MARKS ? marks[i].close : ""};
        for (int j = 0; j < 2; j++) {
            const char *at = text[j];
            for (; token.n > 2 && *at; at++)
                if (strncmp(at, token.p, token.n) == 0)
                    return true;
        }
    }
    return false;
}
