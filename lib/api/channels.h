/* channels.h - where alerts go: by mail, by webhook, as the caller set it.
 *
 * As with models, a channel never changes once it is set; another is published by one pointer,
 * and all are kept until the handle is closed. Passwords and secrets are overwritten then.
 *
 * Threads: any; freeing comes last.
 * Uses:    http, mail. */
#ifndef LL_API_CHANNELS_H
#define LL_API_CHANNELS_H

#include "http/smtp.h"
#include "mail/webhook.h"

typedef struct ll_mail_channel ll_mail_channel;

struct ll_mail_channel {
    ll_mail_channel *next; /* of all that were ever set */
    ll_smtp_server server; /* its texts are our copies */
    char *url, *user, *password, *ca_file, *from;
    char **to;
    uint32_t to_count;
    llmlearn_secret_fn read_password;
    void *read_password_user;
};

typedef struct ll_webhook_channel ll_webhook_channel;

struct ll_webhook_channel {
    ll_webhook_channel *next;
    ll_webhook webhook;
    char *url, *secret, *ca_file;
};

/* All zero: none is set. */
typedef struct ll_channels {
    _Atomic(ll_mail_channel *) mail, all_mail;
    _Atomic(ll_webhook_channel *) webhook, all_webhooks;
} ll_channels;

/* NULL: none is set. */
const ll_mail_channel *ll_channels_mail(const ll_channels *channels);
const ll_webhook_channel *ll_channels_webhook(const ll_channels *channels);

void ll_channels_free(ll_channels *channels);

#endif
