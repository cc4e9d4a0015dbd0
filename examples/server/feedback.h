/* feedback.h - votes: given, changed, taken back. A 200 means that it is on the disk. */
#ifndef SERVER_FEEDBACK_H
#define SERVER_FEEDBACK_H

#include "request.h"

void feedback_submit(request *r);
void feedback_withdraw(request *r);

#endif
