#include "admin.h"

#include "log.h"
#include "problem.h"
#include "reply.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

bool admin_only(const request *r)
{
    return target_below(&r->target, "/api/admin") || target_below(&r->target, "/metrics");
}

bool admin_allows(const request *r)
{
    static const char scheme[] = "Bearer ";
    const char *given = r->head.authorization;

    if (r->head.authorization_count != 1 || given == NULL ||
        strncasecmp(given, scheme, sizeof scheme - 1) != 0)
        return false;
    given += sizeof scheme - 1;
    digest hash = secrets_hash(given, strlen(given));
    return secrets_equal(&hash, &r->server->admin_token, sizeof hash);
}

void admin_refuse(request *r)
{
    char client[ADDRESS_TEXT_BYTES], path[200];
    address from = request_client(r);

    address_format(&from, client);
    snprintf(path, sizeof path, "%.*s", (int)strcspn(r->target.whole, "?"), r->target.whole);
    log_line("warning", "auth_refused", "client", client, "method", r->method, "path", path, NULL);
    problem(r, MHD_HTTP_UNAUTHORIZED, NULL,
            "This needs the admin token, as 'Authorization: Bearer ...'.");
    if (r->response != NULL)
        reply_header(r, "WWW-Authenticate", "Bearer");
}
