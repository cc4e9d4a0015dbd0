/* reference.h - the reference cases of tests/data/stats, asked through the public calls.
 *
 * A topic is a file beside this one; each prints how many cases it ran and the worst error. */
#ifndef TESTS_REFERENCE_H
#define TESTS_REFERENCE_H

#include <check.h>

TCase *reference_association(void);
TCase *reference_rate(void);
TCase *reference_difference(void);
TCase *reference_plan(void);
TCase *reference_posterior(void);
TCase *reference_sequential(void);
TCase *reference_quality(void);

#endif
