/* health.h - is it alive? For a load balancer: nobody needs to be known for it. */
#ifndef SERVER_HEALTH_H
#define SERVER_HEALTH_H

#include "request.h"

void health_tell(request *r);

#endif
