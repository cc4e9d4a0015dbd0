/* admin.h - who may see and change what readers may not: whoever has the token. */
#ifndef SERVER_ADMIN_H
#define SERVER_ADMIN_H

#include "request.h"

/* Is it for admins alone, whether there is such a path or not? */
bool admin_only(const request *r);
/* By "Authorization: Bearer <token>", in a time that tells nothing about the token. */
bool admin_allows(const request *r);
/* The same answer whatever was wrong; the log says that somebody tried. */
void admin_refuse(request *r);

#endif
