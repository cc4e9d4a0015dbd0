/* ab_tests.h - tests of prompts, as admins start, decide and end them. */
#ifndef SERVER_AB_TESTS_H
#define SERVER_AB_TESTS_H

#include "request.h"

void ab_tests_start(request *r);
void ab_tests_decide(request *r);
void ab_tests_promote(request *r);
void ab_tests_stop(request *r);
void ab_tests_rollback(request *r);

#endif
