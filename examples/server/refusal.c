#include "refusal.h"

#include "problem.h"
#include "reply.h"

#include <dlfcn.h>

typedef enum MHD_Result queue(struct MHD_Connection *, unsigned, struct MHD_Response *);

static queue *queue_behind; /* set once, before there are threads */

bool refusal_begin(void)
{
    *(void **)&queue_behind = dlsym(RTLD_NEXT, "MHD_queue_response");
    return queue_behind != NULL;
}

enum MHD_Result libmicrohttpd_queue(struct MHD_Connection *mhd, unsigned status,
                                    struct MHD_Response *response)
{
    return queue_behind(mhd, status, response);
}

static void tell(request *unread, unsigned status)
{
    switch (status) {
    case MHD_HTTP_URI_TOO_LONG:
        problem(unread, status, NULL, "The target is too long.");
        break;
    case MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE:
        problem(unread, status, NULL, "The headers are too long.");
        break;
    case MHD_HTTP_HTTP_VERSION_NOT_SUPPORTED:
        problem(unread, MHD_HTTP_BAD_REQUEST, NULL, "HTTP/1.1 is spoken here, and no other.");
        break;
    case MHD_HTTP_INTERNAL_SERVER_ERROR:
        problem(unread, status, NULL, "Something went wrong here, not with what you sent.");
        break;
    default:
        problem(unread, status, NULL, "The request is malformed: it cannot be read.");
    }
}

/* Was the whole head read, so that it is about the length of the body? */
static bool is_of_length(struct MHD_Connection *mhd)
{
    const union MHD_ConnectionInfo *read =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    return read != NULL && read->header_size > 0;
}

/* Called by libmicrohttpd alone, which closes the connection then. */
__attribute__((visibility("default"))) enum MHD_Result
MHD_queue_response(struct MHD_Connection *mhd, unsigned status, struct MHD_Response *page)
{
    request unread = { .mhd = mhd };

    if (is_of_length(mhd))
        reply_bytes(&unread, status, "text/plain", "", 0);
    else
        tell(&unread, status);
    if (unread.response == NULL)
        return queue_behind(mhd, status, page);
    enum MHD_Result queued = queue_behind(mhd, unread.status, unread.response);
    MHD_destroy_response(unread.response);
    return queued;
}
