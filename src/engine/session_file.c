/* A session on disk: header, tokens, then the keys and values of each block that was cached.
 *
 * The rows are in a form that no backend owns (backend.h: kv_read). The header says what they
 * depend on, and every part has a checksum, so that a file that is not whole or not meant for this
 * engine is refused. Restoring puts the rows into the cache, where the session's tokens find them;
 * what the file lacks, or what there is no room for, is computed again. Numbers are little-endian,
 * as on every machine that lanner runs on. */
#include "base/alloc.h"
#include "base/checked.h"
#include "base/hash.h"
#include "cache/kv_index.h"
#include "engine/session.h"
#include "engine/state.h"

#include <lanner/machine.h>

#include <inttypes.h>
#include <string.h>

#define FILE_VERSION 1u

static const char magic[8] = "LNRSESS";

typedef struct file_header {
    char magic[8];
    uint32_t version, arith_version;
    uint64_t model_id;
    uint64_t root_hash; /* of all that K and V depend on: model, arithmetic, KV types, rope */
    uint32_t kv_type_k, kv_type_v;
    uint32_t n_tokens, n_stored;      /* the first n_stored have K and V in the file */
    uint32_t block_tokens, row_bytes; /* row_bytes: of K and V of one position, all layers */
    uint64_t tokens_hash;
    uint64_t header_hash; /* of all before it */
} file_header;

static uint64_t header_hash(const file_header *h) {
    return lnr_hash64(FILE_VERSION, h, offsetof(file_header, header_hash));
}

static file_header header_of(const lnr_engine *e, const int32_t *token, uint32_t n_tokens) {
    file_header h = {.version = FILE_VERSION,
                     .arith_version = LNR_ARITH_VERSION,
                     .model_id = e->model->id,
                     .root_hash = e->kv.root_hash,
                     .kv_type_k = (uint32_t)e->kv_type_k,
                     .kv_type_v = (uint32_t)e->kv_type_v,
                     .n_tokens = n_tokens,
                     .block_tokens = KV_BLOCK_TOKENS,
                     .row_bytes = (uint32_t)e->model->backend->kv_rows_bytes(e->pass, 1),
                     .tokens_hash = lnr_hash64(FILE_VERSION, token, n_tokens * sizeof *token)};
    memcpy(h.magic, magic, sizeof magic);
    return h;
}

static uint32_t least(uint32_t a, uint32_t b) {
    return a < b ? a : b;
}

/* The rows of a block and room for their checksum behind them. */
static char *alloc_rows(const lnr_engine *e, lnr_error *err) {
    size_t bytes = e->model->backend->kv_rows_bytes(e->pass, KV_BLOCK_TOKENS);
    char *rows = lnr_alloc(bytes + sizeof(uint64_t));
    if (rows == NULL)
        (void)LNR_FAIL(err, LNR_E_NOMEM, "no memory for %zu bytes of keys and values", bytes);
    return rows;
}

/* ---- saving
 * -------------------------------------------------------------------------------------- */

static lnr_status write_blocks(const lnr_engine *e, const uint32_t *block, const file_header *h,
                               os_writer *w, lnr_error *err) {
    const lnr_backend *b = e->model->backend;
    char *rows = alloc_rows(e, err);
    lnr_status st = rows ? LNR_OK : LNR_E_NOMEM;
    for (uint32_t at = 0; at < h->n_stored && st == LNR_OK; at += KV_BLOCK_TOKENS) {
        uint32_t n = least(h->n_stored - at, KV_BLOCK_TOKENS);
        size_t bytes = b->kv_rows_bytes(e->pass, n);
        b->kv_read(e->pass, block[at / KV_BLOCK_TOKENS], n, rows);
        uint64_t hash = lnr_hash64(h->tokens_hash + at, rows, bytes);
        memcpy(rows + bytes, &hash, sizeof hash);
        st = os_writer_write(w, rows, bytes + sizeof hash, err);
    }
    lnr_free(rows);
    return st;
}

static lnr_status write_all(const lnr_session *s, const uint32_t *block, file_header h,
                            const char *path, lnr_error *err) {
    os_writer *w;
    LNR_TRY(os_writer_open(path, &w, err));
    h.header_hash = header_hash(&h);
    lnr_status st = os_writer_write(w, &h, sizeof h, err);
    if (st == LNR_OK)
        st = os_writer_write(w, s->token, s->n_tokens * sizeof *s->token, err);
    if (st == LNR_OK)
        st = write_blocks(s->engine, block, &h, w, err);
    if (st == LNR_OK)
        return os_writer_commit(w, err);
    os_writer_abandon(w);
    return st;
}

lnr_status session_save(const lnr_session *s, const char *path, lnr_error *err) {
    LNR_TRY(session_check_idle(s, err));
    const lnr_engine *e = s->engine;
    size_t n_blocks = lnr_div_up(s->n_tokens, KV_BLOCK_TOKENS);
    uint32_t *block = lnr_alloc_array(n_blocks, sizeof *block);
    if (block == NULL)
        return LNR_FAIL(err, LNR_E_NOMEM, "no memory for a list of %zu KV blocks", n_blocks);
    file_header h = header_of(e, s->token, s->n_tokens);
    h.n_stored = kv_index_path(&e->kv, s->token, s->n_tokens, block);
    lnr_status st = write_all(s, block, h, path, err);
    lnr_free(block);
    return st;
}

/* ---- restoring
 * ----------------------------------------------------------------------------------- */

typedef struct session_reader {
    os_file *file;
    const char *path;
    uint64_t at;
    file_header header;
} session_reader;

static lnr_status read_next(session_reader *r, void *p, size_t n, lnr_error *err) {
    LNR_TRY(os_file_read_at(r->file, r->at, p, n, err));
    r->at += n;
    return LNR_OK;
}

static lnr_status damaged(const session_reader *r, const char *what, lnr_error *err) {
    return LNR_FAIL(err, LNR_E_FORMAT, "%s%s: damaged: %s", LNR_PATH(r->path), what);
}

static lnr_status other(const session_reader *r, const char *what, lnr_error *err) {
    return LNR_FAIL(err, LNR_E_UNSUPPORTED, "%s%s: saved with another %s", LNR_PATH(r->path), what);
}

static lnr_status check_header(const session_reader *r, const lnr_engine *e, lnr_error *err) {
    const file_header *h = &r->header, own = header_of(e, NULL, 0);
    if (memcmp(h->magic, magic, sizeof magic) != 0)
        return LNR_FAIL(err, LNR_E_FORMAT, "%s%s: not a session file", LNR_PATH(r->path));
    if (h->version != FILE_VERSION)
        return LNR_FAIL(err, LNR_E_UNSUPPORTED,
                        "%s%s: session file version %" PRIu32 ", this build reads %u",
                        LNR_PATH(r->path), h->version, FILE_VERSION);
    if (h->header_hash != header_hash(h))
        return damaged(r, "the header's checksum differs", err);
    if (h->model_id != own.model_id)
        return other(r, "model", err);
    if (h->arith_version != own.arith_version)
        return other(r, "version of the arithmetic", err);
    if (h->kv_type_k != own.kv_type_k || h->kv_type_v != own.kv_type_v)
        return other(r, "type of keys or values", err);
    if (h->root_hash != own.root_hash)
        return other(r, "rope setting", err);
    if (h->block_tokens != own.block_tokens || h->row_bytes != own.row_bytes)
        return other(r, "layout", err);
    if (h->n_stored > h->n_tokens)
        return damaged(r, "more keys and values than tokens", err);
    if (h->n_tokens > e->n_ctx)
        return LNR_FAIL(err, LNR_E_LIMIT,
                        "%s%s: %" PRIu32 " tokens are more than a context of %" PRIu32 " holds",
                        LNR_PATH(r->path), h->n_tokens, e->n_ctx);
    uint64_t bytes = sizeof *h + (uint64_t)h->n_tokens * sizeof(int32_t) +
                     (uint64_t)h->n_stored * h->row_bytes +
                     lnr_div_up(h->n_stored, KV_BLOCK_TOKENS) * sizeof(uint64_t);
    return os_file_size(r->file) == bytes ? LNR_OK : damaged(r, "too short or too long", err);
}

static lnr_status read_tokens(session_reader *r, lnr_session *s, lnr_error *err) {
    size_t bytes = r->header.n_tokens * sizeof *s->token;
    if (bytes)
        LNR_TRY(read_next(r, s->token, bytes, err));
    if (lnr_hash64(FILE_VERSION, s->token, bytes) != r->header.tokens_hash)
        return damaged(r, "the tokens' checksum differs", err);
    for (uint32_t i = 0; i < r->header.n_tokens; i++)
        if (s->token[i] < 0 || (uint32_t)s->token[i] >= s->engine->model->shape.n_vocab)
            return damaged(r, "a token that the model does not have", err);
    s->n_tokens = r->header.n_tokens;
    return LNR_OK;
}

/* All blocks are checked, also those that find no room. */
static lnr_status read_blocks(session_reader *r, lnr_session *s, kv_sequence *kv, lnr_error *err) {
    lnr_engine *e = s->engine;
    const lnr_backend *b = e->model->backend;
    char *rows = alloc_rows(e, err);
    lnr_status st = rows ? LNR_OK : LNR_E_NOMEM;
    const file_header *h = &r->header;
    for (uint32_t at = 0, n; at < h->n_stored && st == LNR_OK; at += n) {
        uint64_t hash;
        n = least(h->n_stored - at, KV_BLOCK_TOKENS);
        size_t bytes = b->kv_rows_bytes(e->pass, n);
        st = read_next(r, rows, bytes + sizeof hash, err);
        memcpy(&hash, rows + bytes, sizeof hash);
        if (st == LNR_OK && hash != lnr_hash64(h->tokens_hash + at, rows, bytes))
            st = damaged(r, "a checksum of keys and values differs", err);
        if (st == LNR_OK && kv->n_tokens == at && kv_sequence_extend(kv, &e->kv, at + n)) {
            b->kv_write(e->pass, kv->block[at / KV_BLOCK_TOKENS], n, rows);
            kv_sequence_stored(kv, &e->kv, s->token, at + n);
        }
    }
    lnr_free(rows);
    return st;
}

static lnr_status read_session(session_reader *r, lnr_session *s, lnr_error *err) {
    if (os_file_size(r->file) < sizeof r->header)
        return LNR_FAIL(err, LNR_E_FORMAT, "%s%s: not a session file", LNR_PATH(r->path));
    LNR_TRY(read_next(r, &r->header, sizeof r->header, err));
    LNR_TRY(check_header(r, s->engine, err));
    LNR_TRY(read_tokens(r, s, err));
    kv_sequence kv;
    LNR_TRY(kv_sequence_init(&kv, s->engine->n_ctx, err));
    lnr_status st = read_blocks(r, s, &kv, err);
    kv_sequence_close(&kv, &s->engine->kv, s->token);
    kv_sequence_deinit(&kv);
    return st;
}

lnr_status session_restore(lnr_engine *e, const char *path, lnr_session **out, lnr_error *err) {
    *out = NULL;
    session_reader r = {.path = path};
    lnr_session *s;
    LNR_TRY(os_file_open(path, &r.file, err));
    lnr_status st = session_create(e, &s, err);
    if (st == LNR_OK) {
        st = read_session(&r, s, err);
        if (st)
            session_destroy(s);
        else
            *out = s;
    }
    os_file_close(r.file);
    return st;
}
