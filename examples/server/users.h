/* users.h - who somebody is, and what lets them vote.
 *
 * A user is known by a cookie that we signed, or, if the options name a header, by that header from
 * the trusted proxy and by nothing else. Neither says who a person is: they say that it is the same
 * one as before.
 *
 *     cookie          llmlearn_user = <16 random bytes> . <HMAC>
 *     feedback token  <expiry, 8 bytes><HMAC over explanation, user and expiry>
 *
 * all in base64url. An explanation's id alone grants nothing: ids can be guessed. */
#ifndef SERVER_USERS_H
#define SERVER_USERS_H

#include "request.h"

enum { FEEDBACK_TOKEN_DAYS = 7, FEEDBACK_TOKEN_CHARACTERS = BASE64URL_CHARACTERS(8 + 32) };

/* Fills r->user, if anybody is known. */
void users_find(request *r);
/* The same; whoever is not known is given a cookie, if that may be. For pages. */
void users_welcome(request *r);
/* The same. False: refused, there were too many new ones. */
bool users_find_or_make(request *r);
/* The same, but 401 for whoever is not known. */
bool users_require(request *r);

void users_feedback_token(const request *r, const llmlearn_id *explanation,
                          char out[FEEDBACK_TOKEN_CHARACTERS + 1]);
bool users_may_vote(const request *r, const llmlearn_id *explanation);

#endif
