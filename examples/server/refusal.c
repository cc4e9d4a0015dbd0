#include "refusal.h"

#include "problem.h"

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
    default:
        problem(unread, status, NULL, "The request is malformed: it cannot be read.");
    }
}

/* Called by libmicrohttpd alone, which closes the connection then. */
__attribute__((visibility("default"))) enum MHD_Result
MHD_queue_response(struct MHD_Connection *mhd, unsigned status, struct MHD_Response *page)
{
    request unread = { .mhd = mhd };

    if (status < 500 || status == MHD_HTTP_HTTP_VERSION_NOT_SUPPORTED)
        tell(&unread, status);
    if (unread.response == NULL)
        return queue_behind(mhd, status, page);
    enum MHD_Result queued = queue_behind(mhd, unread.status, unread.response);
    MHD_destroy_response(unread.response);
    return queued;
}
