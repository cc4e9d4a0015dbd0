/* weeks.h - what the weekly job needs around it: a model that writes prompts, users who vote, and
 * a clock that jumps. Through the public calls alone. */
#ifndef SUPPORT_WEEKS_H
#define SUPPORT_WEEKS_H

#include "llmlearn.h"

#include <stdatomic.h>

#define WEEKS_SIGNAL "BUY"
/* Of the champion. What all prompts have in common, so that none is taken for another thing's. */
#define WEEKS_COMMON " Use short sentences of plain English; name the trend and one risk."
#define WEEKS_PROMPT "Explain why {{ticker}} is a {{signal}}." WEEKS_COMMON
#define WEEKS_DAY_US (INT64_C(86400) * 1000000)
/* A Monday, 00:00: two hours before the job's moment. */
#define WEEKS_BEGIN_US (20003 * WEEKS_DAY_US)
#define WEEKS_MOMENT_US (WEEKS_BEGIN_US + WEEKS_DAY_US / 12)

typedef struct weeks_model {
    atomic_int asked;
    llmlearn_err fails; /* LLMLEARN_OK: it writes three prompts, other ones each time */
    int first;          /* the number of the first that it writes */
} weeks_model;

/* llmlearn_ask_fn with a weeks_model; each answer costs a cent. */
llmlearn_err weeks_ask(void *user, const llmlearn_question *question, llmlearn_answer *out_answer);

/* Sets it, with limits of the budget; -1: none. price_folder: NULL, or where to write a price
 * list: then what an answer can cost is known. */
void weeks_set_model(llmlearn *learner, weeks_model *model, int64_t month_nanousd,
                     const char *price_folder);

/* A llmlearn_clock_fn over an atomic_llong. */
int64_t weeks_clock(void *user);

llmlearn *weeks_open(const char *path, atomic_llong *clock_us);

/* The champion v1.0 of WEEKS_SIGNAL. */
void weeks_add_champion(llmlearn *learner);
void weeks_set_schedule(llmlearn *learner, uint32_t flags);

/* New users of an arm alone, `count` of them, all with a vote, half of them content: no honest
 * split looks like that. *next_user counts on. */
void weeks_break_split(llmlearn *learner, uint32_t arm, int count, int *next_user);

/* New users, each with a vote in the arm that is theirs. One in two is content, but 19 of 20 with
 * `favourite`; NULL: none is better. */
void weeks_vote(llmlearn *learner, const char *favourite, int count, int *next_user);

/* The same; the favourite takes three times as long. */
void weeks_vote_slow(llmlearn *learner, const char *favourite, int count, int *next_user);

/* llmlearn_run_due_jobs, which must succeed: how many ran. */
uint32_t weeks_run(llmlearn *learner);

#endif
