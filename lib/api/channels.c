#include "api/channels.h"

#include "api/arguments.h"
#include "api/handle.h"
#include "base/err.h"
#include "http/smtp_address.h"
#include "http/url.h"

#include <stdlib.h>
#include <string.h>

#define TO_MAX 16u
#define PATH_BYTES_MAX 4095u

/* ---- freeing ----------------------------------------------------------- */

static void free_secret(char *secret)
{
    if (secret != NULL)
        explicit_bzero(secret, strlen(secret));
    free(secret);
}

static void free_mail(ll_mail_channel *m)
{
    if (m == NULL)
        return;
    for (uint32_t i = 0; m->to != NULL && i < m->to_count; i++)
        free(m->to[i]);
    free(m->to);
    free_secret(m->password);
    free(m->url);
    free(m->user);
    free(m->ca_file);
    free(m->from);
    free(m);
}

static void free_webhook(ll_webhook_channel *w)
{
    if (w == NULL)
        return;
    free_secret(w->url); /* many have their secret there */
    free_secret(w->secret);
    free(w->ca_file);
    free(w);
}

void ll_channels_free(ll_channels *channels)
{
    ll_mail_channel *m = atomic_load(&channels->all_mail);
    ll_webhook_channel *w = atomic_load(&channels->all_webhooks);

    while (m != NULL) {
        ll_mail_channel *next = m->next;
        free_mail(m);
        m = next;
    }
    while (w != NULL) {
        ll_webhook_channel *next = w->next;
        free_webhook(w);
        w = next;
    }
}

const ll_mail_channel *ll_channels_mail(const ll_channels *channels)
{
    return atomic_load_explicit(&channels->mail, memory_order_acquire);
}

const ll_webhook_channel *ll_channels_webhook(const ll_channels *channels)
{
    return atomic_load_explicit(&channels->webhook, memory_order_acquire);
}

/* ---- mail -------------------------------------------------------------- */

static llmlearn_err ask_password(void *user, char out_password[LL_SMTP_PASSWORD_BYTES])
{
    const ll_mail_channel *m = user;
    size_t length = m->read_password(m->read_password_user, out_password, LL_SMTP_PASSWORD_BYTES);

    if (length >= LL_SMTP_PASSWORD_BYTES) {
        explicit_bzero(out_password, LL_SMTP_PASSWORD_BYTES);
        return ll_fail(LLMLEARN_EINVAL, "read_password: gave one of more than %d bytes",
                       LL_SMTP_PASSWORD_BYTES - 1);
    }
    out_password[length] = '\0';
    return LLMLEARN_OK;
}

static llmlearn_err check_mail(const llmlearn_mail *m)
{
    const uint32_t flags = LLMLEARN_MAIL_PLAIN_LOOPBACK | LLMLEARN_MAIL_PRIVATE_ADDRESSES;
    llmlearn_err err;

    if ((m->flags & ~flags) != 0 || m->reserved != 0)
        return ll_fail(LLMLEARN_EINVAL, "flags, reserved: unknown bits 0x%x; reserved must be 0",
                       m->flags & ~flags);
    if (m->server == NULL)
        return ll_fail(LLMLEARN_EINVAL, "server: is required, such as smtps://host");
    if (m->password != NULL && m->read_password != NULL)
        return ll_fail(LLMLEARN_EINVAL, "password, read_password: one of them at the most");
    if (m->user == NULL && (m->password != NULL || m->read_password != NULL))
        return ll_fail(LLMLEARN_EINVAL, "user: is required with a password");
    if (m->to == NULL || m->to_count == 0 || m->to_count > TO_MAX)
        return ll_fail(LLMLEARN_EINVAL, "to: 1 to %u addresses are required", TO_MAX);
    if (ll_argument_text("ca_file", m->ca_file, false, 1, PATH_BYTES_MAX) == SIZE_MAX)
        return LLMLEARN_EINVAL;
    err = ll_smtp_address_check("from", m->from);
    for (uint32_t i = 0; i < m->to_count && err == LLMLEARN_OK; i++)
        err = ll_smtp_address_check("to[]", m->to[i]);
    return err;
}

static bool copy_mail(const llmlearn_mail *theirs, ll_mail_channel *m)
{
    bool failed = false;

    m->url = ll_argument_copy(theirs->server, &failed);
    m->user = ll_argument_copy(theirs->user, &failed);
    m->password = ll_argument_copy(theirs->password, &failed);
    m->ca_file = ll_argument_copy(theirs->ca_file, &failed);
    m->from = ll_argument_copy(theirs->from, &failed);
    m->to = calloc(theirs->to_count, sizeof *m->to);
    if (m->to == NULL)
        return false;
    m->to_count = theirs->to_count;
    for (uint32_t i = 0; i < m->to_count; i++)
        m->to[i] = ll_argument_copy(theirs->to[i], &failed);
    return !failed;
}

static llmlearn_err make_mail(const llmlearn_mail *theirs, ll_mail_channel **out_mail)
{
    ll_mail_channel *m = calloc(1, sizeof *m);
    llmlearn_err err;

    if (m == NULL || !copy_mail(theirs, m)) {
        free_mail(m);
        return ll_fail(LLMLEARN_ENOMEM, "no memory for the mail server");
    }
    m->read_password = theirs->read_password;
    m->read_password_user = theirs->read_password_user;
    m->server = (ll_smtp_server){
        .url = m->url,
        .user = m->user,
        .password = m->password,
        .ask_password = theirs->read_password != NULL ? ask_password : NULL,
        .ask_password_user = m,
        .ca_file = m->ca_file,
        .plain_loopback = (theirs->flags & LLMLEARN_MAIL_PLAIN_LOOPBACK) != 0,
        .allow_private = (theirs->flags & LLMLEARN_MAIL_PRIVATE_ADDRESSES) != 0,
    };
    err = ll_smtp_check(&m->server);
    if (err != LLMLEARN_OK) {
        free_mail(m);
        return err;
    }
    *out_mail = m;
    return LLMLEARN_OK;
}

llmlearn_err llmlearn_set_mail(llmlearn *learner, const llmlearn_mail *mail)
{
    llmlearn_mail m;
    ll_mail_channel *made = NULL;
    llmlearn_err err = LLMLEARN_OK;

    if (learner == NULL || learner->magic != LL_HANDLE_MAGIC)
        return ll_fail(LLMLEARN_EINVAL, "learner: NULL or closed");
    if (mail != NULL) {
        err = ll_arguments_read("mail", mail, sizeof m, &m, sizeof m);
        if (err == LLMLEARN_OK)
            err = check_mail(&m);
        if (err == LLMLEARN_OK)
            err = make_mail(&m, &made);
    }
    if (err != LLMLEARN_OK)
        return err;
    if (made != NULL) {
        made->next = atomic_load(&learner->channels.all_mail);
        while (!atomic_compare_exchange_weak(&learner->channels.all_mail, &made->next, made))
            continue;
    }
    atomic_store_explicit(&learner->channels.mail, made, memory_order_release);
    return LLMLEARN_OK;
}

/* ---- webhook ----------------------------------------------------------- */

static llmlearn_err check_webhook(const llmlearn_webhook *w)
{
    const ll_webhook secret = { .url = w->url, .secret = w->secret };
    const ll_curl *curl = NULL;
    ll_url url;
    llmlearn_err err;

    if ((w->flags & ~LLMLEARN_MODEL_PRIVATE_ADDRESSES) != 0)
        return ll_fail(LLMLEARN_EINVAL, "flags: unknown bits 0x%x",
                       w->flags & ~LLMLEARN_MODEL_PRIVATE_ADDRESSES);
    if (w->url == NULL || w->secret == NULL)
        return ll_fail(LLMLEARN_EINVAL, "url, secret: both are required");
    if (ll_argument_text("ca_file", w->ca_file, false, 1, PATH_BYTES_MAX) == SIZE_MAX)
        return LLMLEARN_EINVAL;
    err = ll_webhook_check(&secret);
    if (err == LLMLEARN_OK)
        err = ll_curl_load(&curl);
    return err == LLMLEARN_OK ? ll_url_check(curl, w->url, &url) : err;
}

static llmlearn_err make_webhook(const llmlearn_webhook *theirs, ll_webhook_channel **out_webhook)
{
    ll_webhook_channel *w = calloc(1, sizeof *w);
    bool failed = w == NULL;

    if (w != NULL) {
        w->url = ll_argument_copy(theirs->url, &failed);
        w->secret = ll_argument_copy(theirs->secret, &failed);
        w->ca_file = ll_argument_copy(theirs->ca_file, &failed);
        w->webhook = (ll_webhook){
            .url = w->url,
            .secret = w->secret,
            .ca_file = w->ca_file,
            .allow_private = (theirs->flags & LLMLEARN_MODEL_PRIVATE_ADDRESSES) != 0,
        };
    }
    if (failed) {
        free_webhook(w);
        return ll_fail(LLMLEARN_ENOMEM, "no memory for the webhook");
    }
    *out_webhook = w;
    return LLMLEARN_OK;
}

llmlearn_err llmlearn_set_webhook(llmlearn *learner, const llmlearn_webhook *webhook)
{
    llmlearn_webhook w;
    ll_webhook_channel *made = NULL;
    llmlearn_err err = LLMLEARN_OK;

    if (learner == NULL || learner->magic != LL_HANDLE_MAGIC)
        return ll_fail(LLMLEARN_EINVAL, "learner: NULL or closed");
    if (webhook != NULL) {
        err = ll_arguments_read("webhook", webhook, sizeof w, &w, sizeof w);
        if (err == LLMLEARN_OK)
            err = check_webhook(&w);
        if (err == LLMLEARN_OK)
            err = make_webhook(&w, &made);
    }
    if (err != LLMLEARN_OK)
        return err;
    if (made != NULL) {
        made->next = atomic_load(&learner->channels.all_webhooks);
        while (!atomic_compare_exchange_weak(&learner->channels.all_webhooks, &made->next, made))
            continue;
    }
    atomic_store_explicit(&learner->channels.webhook, made, memory_order_release);
    return LLMLEARN_OK;
}
