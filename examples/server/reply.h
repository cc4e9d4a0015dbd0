/* reply.h - what every reply carries, whatever it says. */
#ifndef SERVER_REPLY_H
#define SERVER_REPLY_H

#include "request.h"

struct json_t;

/* Text that is given over with the function that frees it; NULL: there was no memory. */
void reply_text(request *r, unsigned status, const char *content_type, char *text,
                void (*free_text)(void *));
/* JSON of the library's, as it is; given over. */
void reply_report(request *r, char *json);
/* Takes the reference. */
void reply_json(request *r, unsigned status, struct json_t *json);

/* {done: true}, or what the library's error means to a client. */
void reply_done(request *r, llmlearn_err err, const char *done);

/* Bytes that outlive the request, such as a file's. */
void reply_bytes(request *r, unsigned status, const char *content_type, const void *bytes,
                 size_t count);

void reply_header(request *r, const char *name, const char *value);
enum MHD_Result reply_send(request *r);

#endif
