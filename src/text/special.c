/* See special.h. */
#include "text/special.h"

#include "base/alloc.h"
#include "base/hash.h"

struct special_node {
    uint32_t parent;
    uint32_t fail;     /* the node of the longest proper end of this one's string that is a node */
    int32_t best;      /* the longest token that is an end of the string, TOKEN_NONE: none */
    int32_t best_user; /* the longest user-defined one */
    uint32_t depth;
    uint8_t byte; /* on the edge from the parent */
};

static bool takes_part(const vocab *v, uint32_t id) {
    return v->text[id].n && (vocab_is_special(v, id) || v->kind[id] == TOKEN_USER_DEFINED);
}

/* ---- the trie ---------------------------------------------------------------------------------
 */

/* The child's place in the table: its number, or 0 where it would be put. */
static uint32_t *child_place(const special_finder *s, uint32_t parent, uint8_t byte) {
    uint64_t key = (uint64_t)parent << 8 | byte;
    size_t i = (size_t)lnr_hash_seeded(&key, sizeof key) & (s->child_capacity - 1);
    for (; s->child[i]; i = (i + 1) & (s->child_capacity - 1)) {
        const special_node *n = &s->node[s->child[i]];
        if (n->parent == parent && n->byte == byte)
            break;
    }
    return &s->child[i];
}

static uint32_t child_of(const special_finder *s, uint32_t parent, uint8_t byte) {
    return parent ? *child_place(s, parent, byte) : s->root_child[byte];
}

static void add_token(special_finder *s, const vocab *v, uint32_t id) {
    uint32_t node = 0;
    lnr_str t = v->text[id];
    for (size_t i = t.n; i-- > 0;) {
        uint8_t byte = (uint8_t)t.p[i];
        uint32_t *child = node ? child_place(s, node, byte) : &s->root_child[byte];
        if (*child == 0) {
            *child = s->n_nodes++;
            s->node[*child] = (special_node){.parent = node,
                                             .best = TOKEN_NONE,
                                             .best_user = TOKEN_NONE,
                                             .depth = s->node[node].depth + 1,
                                             .byte = byte};
        }
        node = *child;
    }
    special_node *n = &s->node[node];
    if (n->best == TOKEN_NONE)
        n->best = (int32_t)id;
    if (n->best_user == TOKEN_NONE && v->kind[id] == TOKEN_USER_DEFINED)
        n->best_user = (int32_t)id;
}

/* From the shallow nodes to the deep ones, so that what a fail link points to is complete. */
static void link_node(special_finder *s, uint32_t i) {
    special_node *n = &s->node[i];
    if (n->parent) {
        uint32_t f = s->node[n->parent].fail;
        while (f && child_of(s, f, n->byte) == 0)
            f = s->node[f].fail;
        n->fail = child_of(s, f, n->byte);
    }
    if (n->best == TOKEN_NONE)
        n->best = s->node[n->fail].best;
    if (n->best_user == TOKEN_NONE)
        n->best_user = s->node[n->fail].best_user;
}

static bool link_nodes(special_finder *s, uint32_t depth_max) {
    uint32_t *order = lnr_alloc_array(s->n_nodes, sizeof *order);
    uint32_t *n_before = lnr_alloc_array((size_t)depth_max + 2, sizeof *n_before);
    if (order && n_before) {
        for (uint32_t i = 0; i < s->n_nodes; i++)
            n_before[s->node[i].depth + 1]++;
        for (uint32_t d = 1; d <= depth_max; d++)
            n_before[d] += n_before[d - 1];
        for (uint32_t i = 0; i < s->n_nodes; i++)
            order[n_before[s->node[i].depth]++] = i;
        for (uint32_t i = 1; i < s->n_nodes; i++)
            link_node(s, order[i]);
    }
    bool ok = order && n_before;
    lnr_free(n_before);
    lnr_free(order);
    return ok;
}

lnr_status special_init(special_finder *s, const vocab *v, lnr_error *err) {
    *s = (special_finder){0};
    size_t n_nodes_max = 1;
    uint32_t depth_max = 0;
    for (uint32_t i = 0; i < v->n_tokens; i++) {
        if (!takes_part(v, i))
            continue;
        n_nodes_max += v->text[i].n;
        if (v->text[i].n > depth_max)
            depth_max = (uint32_t)v->text[i].n;
    }
    if (n_nodes_max >= UINT32_MAX)
        return LNR_FAIL(err, LNR_E_LIMIT, "special tokens of %zu bytes together", n_nodes_max);
    s->child_capacity = 16;
    while (s->child_capacity / 2 < n_nodes_max)
        s->child_capacity *= 2;
    s->node = lnr_alloc_array(n_nodes_max, sizeof *s->node);
    s->child = lnr_alloc_array(s->child_capacity, sizeof *s->child);
    bool ok = s->node && s->child;
    if (ok) {
        s->n_nodes = 1;
        s->node[0].best = s->node[0].best_user = TOKEN_NONE;
        for (uint32_t i = 0; i < v->n_tokens; i++)
            if (takes_part(v, i))
                add_token(s, v, i);
        ok = link_nodes(s, depth_max);
    }
    if (ok)
        return LNR_OK;
    special_deinit(s);
    return LNR_FAIL(err, LNR_E_NOMEM, "special tokens of %zu bytes together", n_nodes_max);
}

void special_deinit(special_finder *s) {
    lnr_free(s->child);
    lnr_free(s->node);
    *s = (special_finder){0};
}

/* ---- finding ----------------------------------------------------------------------------------
 */

static bool add_match(special_matches *m, size_t at, int32_t id) {
    if (m->n == m->capacity) {
        size_t capacity = m->n < 8 ? 16 : m->n * 2;
        special_match *bigger = lnr_realloc_array(m->match, capacity, sizeof *bigger);
        if (bigger == NULL)
            return false;
        m->match = bigger;
        m->capacity = capacity;
    }
    m->match[m->n++] = (special_match){at, id};
    return true;
}

lnr_status special_find(const special_finder *s, lnr_str text, bool control, special_matches *m,
                        lnr_error *err) {
    *m = (special_matches){0};
    uint32_t node = 0;
    for (size_t i = s->n_nodes > 1 ? text.n : 0; i-- > 0;) {
        uint8_t byte = (uint8_t)text.p[i];
        uint32_t child;
        while ((child = child_of(s, node, byte)) == 0 && node)
            node = s->node[node].fail;
        node = child;
        int32_t id = control ? s->node[node].best : s->node[node].best_user;
        if (id != TOKEN_NONE && !add_match(m, i, id))
            return LNR_FAIL(err, LNR_E_NOMEM, "%zu special tokens in text", m->n);
    }
    return LNR_OK;
}

void special_matches_deinit(special_matches *m) {
    lnr_free(m->match);
    *m = (special_matches){0};
}
