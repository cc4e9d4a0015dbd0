/* openapi.h - the description of the API, openapi.json, which is part of the program. */
#ifndef SERVER_OPENAPI_H
#define SERVER_OPENAPI_H

#include "request.h"

void openapi_tell(request *r);

#endif
