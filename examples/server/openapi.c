#include "openapi.h"

#include "reply.h"

/* The Makefile says where it is. */
__asm__(".section .rodata\n"
        "openapi_begin: .incbin \"" OPENAPI_FILE "\"\n"
        "openapi_end:\n"
        ".previous\n");
extern const char openapi_begin[], openapi_end[];

void openapi_tell(request *r)
{
    reply_bytes(r, MHD_HTTP_OK, "application/json", openapi_begin,
                (size_t)(openapi_end - openapi_begin));
    if (r->response != NULL)
        reply_header(r, "Cache-Control", "no-store");
}
