#include "health.h"

#include "reply.h"

#include <jansson.h>

void health_tell(request *r)
{
    reply_json(r, MHD_HTTP_OK, json_pack("{s:s}", "status", "ok"));
}
