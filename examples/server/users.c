#include "users.h"

#include "hourly.h"
#include "problem.h"
#include "reply.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define COOKIE "llmlearn_user"

enum {
    IDENTITY_BYTES = 16,
    IDENTITY_CHARACTERS = BASE64URL_CHARACTERS(IDENTITY_BYTES),
    SIGNATURE_CHARACTERS = BASE64URL_CHARACTERS(DIGEST_BYTES),
    COOKIE_DAYS = 400, /* browsers keep none for longer */
};

/* Each use of the key begins with its own word, so that no signature serves for another. */
static digest sign_identity(const digest *key, const uint8_t *identity)
{
    uint8_t signed_bytes[8 + IDENTITY_BYTES] = "user";
    memcpy(signed_bytes + 8, identity, IDENTITY_BYTES);
    return secrets_sign(key, signed_bytes, sizeof signed_bytes);
}

static digest sign_feedback(const request *r, const llmlearn_id *explanation,
                            const uint8_t expiry[8])
{
    uint8_t signed_bytes[8 + 8 + sizeof explanation->bytes + USER_BYTES_MAX] = "vote";
    size_t user_length = strlen(r->user);

    memcpy(signed_bytes + 8, expiry, 8);
    memcpy(signed_bytes + 16, explanation->bytes, sizeof explanation->bytes);
    memcpy(signed_bytes + 16 + sizeof explanation->bytes, r->user, user_length);
    return secrets_sign(&r->server->key, signed_bytes,
                        16 + sizeof explanation->bytes + user_length);
}

/* ---- cookies */

/* The value of our cookie, and its length; NULL if it is not there. If it is there twice, the
 * first counts, as RFC 6265 has the more exact path first. */
static const char *find_cookie(const char *cookies, size_t *out_length)
{
    for (const char *at = cookies; at != NULL && *at != '\0';) {
        at += strspn(at, " ;");
        size_t length = strcspn(at, ";");
        if (strncmp(at, COOKIE "=", sizeof COOKIE) == 0) {
            *out_length = length - sizeof COOKIE;
            return at + sizeof COOKIE;
        }
        at += length;
    }
    return NULL;
}

static void read_cookie(request *r)
{
    size_t length = 0;
    const char *value = find_cookie(r->head.cookie, &length);
    uint8_t identity[IDENTITY_BYTES];
    digest signature;

    if (value == NULL || length != IDENTITY_CHARACTERS + 1 + SIGNATURE_CHARACTERS ||
        value[IDENTITY_CHARACTERS] != '.' ||
        !secrets_decode(value, IDENTITY_CHARACTERS, identity, sizeof identity) ||
        !secrets_decode(value + IDENTITY_CHARACTERS + 1, SIGNATURE_CHARACTERS, &signature,
                        sizeof signature))
        return;
    digest right = sign_identity(&r->server->key, identity);
    if (secrets_equal(&right, &signature, sizeof right))
        snprintf(r->user, sizeof r->user, "visitor-%.*s", IDENTITY_CHARACTERS, value);
}

static bool is_behind_https(const request *r)
{
    return request_from_proxy(r) && r->head.forwarded_proto != NULL &&
           strcasecmp(r->head.forwarded_proto, "https") == 0;
}

static void make_cookie(request *r)
{
    uint8_t identity[IDENTITY_BYTES];
    char name[IDENTITY_CHARACTERS + 1], signature[SIGNATURE_CHARACTERS + 1];

    secrets_random(identity, sizeof identity);
    digest right = sign_identity(&r->server->key, identity);
    secrets_encode(identity, sizeof identity, name);
    secrets_encode(&right, sizeof right, signature);
    snprintf(r->user, sizeof r->user, "visitor-%s", name);
    snprintf(r->cookie, sizeof r->cookie,
             COOKIE "=%s.%s; Path=/; Max-Age=%d; HttpOnly; SameSite=Strict%s", name, signature,
             COOKIE_DAYS * 86400, is_behind_https(r) ? "; Secure" : "");
}

/* ---- who is it? */

static void read_header(request *r)
{
    const char *user = r->head.user;
    size_t length = user != NULL ? strlen(user) : 0;

    if (request_from_proxy(r) && length > 0 && length <= USER_BYTES_MAX)
        memcpy(r->user, user, length + 1);
}

void users_find(request *r)
{
    if (r->user[0] != '\0')
        return;
    if (r->server->options.user_header != NULL)
        read_header(r);
    else
        read_cookie(r);
}

bool users_require(request *r)
{
    users_find(r);
    if (r->user[0] != '\0')
        return true;
    problem(r, MHD_HTTP_UNAUTHORIZED, NULL,
            "Nobody knows who you are. Load the page again, with cookies allowed.");
    if (r->response != NULL)
        reply_header(r, "WWW-Authenticate", "Cookie cookie-name=\"" COOKIE "\"");
    return false;
}

/* 0, or the seconds until this address may have another. */
static uint32_t make_user(request *r)
{
    address client = request_client(r);
    uint32_t wait_s = hourly_take(r->server->identities, &client);
    if (wait_s == 0)
        make_cookie(r);
    return wait_s;
}

void users_welcome(request *r)
{
    users_find(r);
    if (r->user[0] == '\0' && r->server->options.user_header == NULL)
        make_user(r);
}

bool users_find_or_make(request *r)
{
    users_find(r);
    if (r->user[0] != '\0')
        return true;
    if (r->server->options.user_header != NULL)
        return users_require(r); /* only the proxy can say */
    uint32_t wait_s = make_user(r);
    if (wait_s > 0)
        problem_later(r, MHD_HTTP_TOO_MANY_REQUESTS, wait_s,
                      "Too many new readers came from this address within an hour. "
                      "With cookies allowed you are only one.");
    return wait_s == 0;
}

/* ---- feedback tokens */

void users_feedback_token(const request *r, const llmlearn_id *explanation,
                          char out[FEEDBACK_TOKEN_CHARACTERS + 1])
{
    uint64_t expiry_s = (uint64_t)time(NULL) + FEEDBACK_TOKEN_DAYS * UINT64_C(86400);
    uint8_t token[8 + DIGEST_BYTES];

    assert(r->user[0] != '\0');
    for (unsigned i = 0; i < 8; i++)
        token[i] = (uint8_t)(expiry_s >> (56 - 8 * i));
    digest right = sign_feedback(r, explanation, token);
    memcpy(token + 8, right.bytes, sizeof right.bytes);
    secrets_encode(token, sizeof token, out);
}

bool users_may_vote(const request *r, const llmlearn_id *explanation)
{
    const char *text = r->head.feedback_token;
    uint8_t token[8 + DIGEST_BYTES];
    uint64_t expiry_s = 0;

    if (text == NULL || !secrets_decode(text, strlen(text), token, sizeof token))
        return false;
    for (unsigned i = 0; i < 8; i++)
        expiry_s = expiry_s << 8 | token[i];
    digest right = sign_feedback(r, explanation, token);
    return secrets_equal(token + 8, right.bytes, sizeof right.bytes) &&
           expiry_s > (uint64_t)time(NULL);
}
