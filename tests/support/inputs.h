/* inputs.h - what verdicts are made of, put together by hand. */
#ifndef SUPPORT_INPUTS_H
#define SUPPORT_INPUTS_H

#include "base/clock.h"
#include "experiment/decide.h"

#define INPUT_DAY LL_US_PER_DAY
#define INPUT_START (20000 * INPUT_DAY)

/* One look, and what came of it. 170 KiB. */
typedef struct look {
    ll_decide_input in;
    ll_decide_outcome out;
} look;

/* A test of the default thresholds, eight days old, with arms of equal weights called v1.0, v1.1
 * ..., the first the champion, and nothing counted. Its plan is of 1,000 first votes an arm; its
 * e-process, with none either, of the end of the first week. */
void look_begin(look *l, llmlearn_rule rule, uint32_t arm_count);

/* An arm's first votes, each of a unit of its own with one vote, one explanation of two. */
void look_set_arm(look *l, uint32_t arm, int64_t positive, int64_t votes);

/* What an arm had at the end of the last week, of what it has now. */
void look_set_week_end(look *l, uint32_t arm, int64_t positive, int64_t votes);

/* How the e-process stood at the end of the last week, and stands now. */
void look_set_e(look *l, uint32_t arm, double ln_e_value);

/* An earlier look after so many days, at which each arm had so many first votes. */
void look_add_before(look *l, double days, int64_t votes);

void look_set_age(look *l, double days);

void look_decide(look *l);

/* The receipt's sentence, valid until the next call. */
const char *look_sentence(const look *l);

/* Numbers without unit that have this mean and deviation, as nearly as whole numbers can. */
void moments_set(ll_ab_moments *moments, int64_t units, int64_t mean, int64_t deviation);

#endif
