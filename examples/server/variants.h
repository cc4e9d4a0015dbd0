/* variants.h - prompt texts, as admins add, approve and archive them. */
#ifndef SERVER_VARIANTS_H
#define SERVER_VARIANTS_H

#include "request.h"

void variants_add(request *r);
void variants_approve(request *r);
void variants_archive(request *r);

#endif
