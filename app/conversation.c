/* The list of messages; see conversation.h. */
#include "app/conversation.h"

#include "base/alloc.h"

void app_conversation_init(app_conversation *c) {
    *c = (app_conversation){0};
}

static void release(app_message *m) {
    lnr_free((char *)m->content.p);
    lnr_free((char *)m->reasoning.p);
}

void app_conversation_deinit(app_conversation *c) {
    while (c->n > 0)
        app_conversation_drop_last(c);
    lnr_free(c->message);
    app_conversation_init(c);
}

void app_conversation_drop_last(app_conversation *c) {
    release(&c->message[--c->n]);
}

static lnr_status no_memory(lnr_error *err) {
    return LNR_FAIL(err, LNR_E_NOMEM, "no memory for the conversation");
}

static lnr_status make(app_message *m, app_role role, lnr_str content, lnr_str reasoning,
                       lnr_error *err) {
    *m = (app_message){.role = role,
                       .content = {lnr_strdup_n(content.n ? content.p : "", content.n), content.n}};
    if (reasoning.n > 0)
        m->reasoning = (lnr_str){lnr_strdup_n(reasoning.p, reasoning.n), reasoning.n};
    if (m->content.p && (m->reasoning.p || reasoning.n == 0))
        return LNR_OK;
    release(m);
    return no_memory(err);
}

static lnr_status make_room(app_conversation *c, lnr_error *err) {
    if (c->n < c->capacity)
        return LNR_OK;
    size_t capacity = c->capacity ? 2 * c->capacity : 8;
    app_message *larger = lnr_realloc_array(c->message, capacity, sizeof *larger);
    if (larger == NULL)
        return no_memory(err);
    c->message = larger;
    c->capacity = capacity;
    return LNR_OK;
}

lnr_status app_conversation_add(app_conversation *c, app_role role, lnr_str content,
                                lnr_str reasoning, lnr_error *err) {
    LNR_TRY(make_room(c, err));
    LNR_TRY(make(&c->message[c->n], role, content, reasoning, err));
    c->n++;
    return LNR_OK;
}

bool app_conversation_has_system(const app_conversation *c) {
    return c->n > 0 && c->message[0].role == APP_ROLE_SYSTEM;
}

void app_conversation_reset(app_conversation *c) {
    while (c->n > app_conversation_has_system(c))
        app_conversation_drop_last(c);
}

lnr_status app_conversation_set_system(app_conversation *c, lnr_str content, lnr_error *err) {
    app_message made = {0};
    LNR_TRY(make_room(c, err));
    if (content.n > 0)
        LNR_TRY(make(&made, APP_ROLE_SYSTEM, content, (lnr_str){0}, err));
    bool had = app_conversation_has_system(c), has = content.n > 0;
    if (had)
        release(&c->message[0]);
    memmove(c->message + has, c->message + had, (c->n - had) * sizeof *c->message);
    c->n = c->n - had + has;
    if (has)
        c->message[0] = made;
    return LNR_OK;
}

size_t app_conversation_n_turns(const app_conversation *c) {
    size_t n = 0;
    for (size_t i = 0; i < c->n; i++)
        n += c->message[i].role == APP_ROLE_USER;
    return n;
}

void app_conversation_write(const app_conversation *c, size_t n_left_out, app_json *j) {
    static const char *const names[] = {"system", "user", "assistant"};
    size_t n_users = 0;
    app_json_array(j, "messages");
    for (size_t i = 0; i < c->n; i++) {
        const app_message *m = &c->message[i];
        n_users += m->role == APP_ROLE_USER;
        if (m->role != APP_ROLE_SYSTEM && n_users <= n_left_out)
            continue;
        app_json_object(j, NULL);
        app_json_cstr(j, "role", names[m->role]);
        app_json_str(j, "content", m->content);
        if (m->reasoning.n > 0)
            app_json_str(j, "reasoning_content", m->reasoning);
        app_json_end(j);
    }
    app_json_end(j);
}
