#include "support/weeks.h"

#include "support/expect.h"
#include "support/folder.h"
#include "support/learners.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROMPTS 12
#define PROMPTS_AT_ONCE 3
#define CENT INT64_C(10000000)

/* Unlike each other: a near copy would be rejected. */
static const char *const prompts[PROMPTS] = {
    "Write for somebody new to markets: what does {{signal}} mean for {{ticker}} today, and what "
    "could go wrong? Three sentences.",
    "Begin with the single fact about {{ticker}} that matters most, tell how it led to {{signal}}, "
    "and finish with one doubt.",
    "As a cautious analyst, weigh the evidence on {{ticker}}. State {{signal}} first, then the "
    "strongest argument against it.",
    "Imagine a friend asks over lunch why you would {{signal}} {{ticker}}. Answer kindly, briefly, "
    "without jargon.",
    "List the trend, the trigger and the risk behind {{signal}} on {{ticker}}, each in at most "
    "twelve words.",
    "Tell a short story with a past, a present and a likely future for {{ticker}} that makes "
    "{{signal}} understandable.",
    "Quantify: which number of {{ticker}} moved, by how much, since when, and why does that "
    "suggest "
    "{{signal}}?",
    "Compare {{ticker}} with its sector in plain speech; conclude why {{signal}} follows, and when "
    "it no longer would.",
    "Summarise the case for {{signal}} as one headline about {{ticker}} plus two supporting lines "
    "of detail.",
    "Explain {{ticker}} to a retired engineer: cause, effect, margin of safety, and the resulting "
    "call, {{signal}}.",
    "Open by naming who should care about {{ticker}} now. Then justify {{signal}} and admit the "
    "weakest assumption.",
    "Pretend you must defend {{signal}} before sceptical colleagues: three claims on {{ticker}}, "
    "each with its proof.",
};

llmlearn_err weeks_ask(void *user, const llmlearn_question *question, llmlearn_answer *out_answer)
{
    weeks_model *model = user;
    int number = atomic_fetch_add(&model->asked, 1);
    char text[4000] = "{\"variants\": [";

    (void)question;
    if (model->fails != LLMLEARN_OK)
        return model->fails;
    for (int i = 0; i < PROMPTS_AT_ONCE; i++) {
        size_t length = strlen(text);
        snprintf(text + length, sizeof text - length,
                 "%s{\"prompt\": \"%s" WEEKS_COMMON "\", \"hypothesis\": \"clearer\"}",
                 i == 0 ? "" : ", ",
                 prompts[(model->first + number * PROMPTS_AT_ONCE + i) % PROMPTS]);
    }
    strcat(text, "]}");
    out_answer->text = strdup(text);
    out_answer->flags =
        LLMLEARN_HAS_PROMPT_TOKENS | LLMLEARN_HAS_COMPLETION_TOKENS | LLMLEARN_HAS_COST;
    out_answer->prompt_tokens = 1000;
    out_answer->completion_tokens = 400;
    out_answer->cost_nanousd = CENT;
    return LLMLEARN_OK;
}

void weeks_set_model(llmlearn *learner, weeks_model *model, int64_t month_nanousd,
                     const char *price_folder)
{
    static const char prices[] =
        "{\"toy-1\": {\"input_cost_per_token\": 1e-06, \"output_cost_per_token\": 2e-06}}";
    char name[FOLDER_PATH_BYTES + 32];
    const llmlearn_model asked = { .struct_size = sizeof asked,
                                   .model = "toy-1",
                                   .ask = weeks_ask,
                                   .ask_user = model,
                                   .price_file = price_folder != NULL ? name : NULL };
    const llmlearn_budget budget = { .struct_size = sizeof budget,
                                     .run_nanousd = -1,
                                     .month_nanousd = month_nanousd };

    if (price_folder != NULL) {
        snprintf(name, sizeof name, "%s/prices.json", price_folder);
        file_write(name, prices, sizeof prices - 1);
    }
    expect_ok(llmlearn_set_model(learner, LLMLEARN_FOR_GENERATING, &asked));
    expect_ok(llmlearn_set_budget(learner, &budget));
}

int64_t weeks_clock(void *user)
{
    return atomic_load((atomic_llong *)user);
}

llmlearn *weeks_open(const char *path, atomic_llong *clock_us)
{
    llmlearn_options options;
    llmlearn *learner = NULL;

    learner_options(path, &options);
    options.clock = weeks_clock;
    options.clock_user = clock_us;
    expect_ok(llmlearn_open(&options, &learner));
    return learner;
}

void weeks_add_champion(llmlearn *learner)
{
    const llmlearn_variant variant = { .struct_size = sizeof variant,
                                       .deadline_ms = LEARNER_DEADLINE_MS,
                                       .signal = WEEKS_SIGNAL,
                                       .version = "v1.0",
                                       .text = WEEKS_PROMPT };

    expect_ok(llmlearn_add_variant(learner, &variant));
    expect_ok(llmlearn_promote_variant(learner, WEEKS_SIGNAL, "v1.0", "ann", "the first",
                                       LEARNER_DEADLINE_MS));
}

void weeks_set_schedule(llmlearn *learner, uint32_t flags)
{
    const llmlearn_schedule schedule = { .struct_size = sizeof schedule,
                                         .flags = flags,
                                         .lift_min = 0.3 };

    expect_ok(llmlearn_set_schedule(learner, &schedule, LEARNER_DEADLINE_MS));
}

static llmlearn_assignment assign(llmlearn *learner, const char *user)
{
    llmlearn_assignment a = { .struct_size = sizeof a };

    expect_ok(llmlearn_get_variant(learner, WEEKS_SIGNAL, user, &a));
    return a;
}

static void vote(llmlearn *learner, const llmlearn_assignment *a, const char *user, bool content,
                 double latency_ms)
{
    const llmlearn_explanation e = { .struct_size = sizeof e,
                                     .ticker = "NVDA",
                                     .signal = WEEKS_SIGNAL,
                                     .text = user,
                                     .version = a->version,
                                     .unit = user,
                                     .flags = LLMLEARN_HAS_LATENCY,
                                     .latency_ms = latency_ms,
                                     .test_id = a->test_id,
                                     .arm = a->arm };
    llmlearn_id id;

    expect_ok(llmlearn_log_explanation(learner, &e, &id));
    expect_ok(learner_vote(learner, &id, user, content, 0));
}

void weeks_break_split(llmlearn *learner, uint32_t arm, int count, int *next_user)
{
    for (int i = 0; i < count;) {
        char user[32];
        snprintf(user, sizeof user, "user-%d", (*next_user)++);
        const llmlearn_assignment a = assign(learner, user);

        if (a.arm == arm)
            vote(learner, &a, user, i++ % 2 == 0, 100);
    }
}

static void vote_all(llmlearn *learner, const char *favourite, int count, int *next_user,
                     double favourite_ms)
{
    int of_favourite = 0, of_others[LLMLEARN_ARMS_MAX] = { 0 };

    for (int i = 0; i < count; i++) {
        char user[32];
        snprintf(user, sizeof user, "user-%d", (*next_user)++);
        const llmlearn_assignment a = assign(learner, user);
        bool liked = favourite != NULL && strcmp(a.version, favourite) == 0;

        bool content = liked ? of_favourite++ % 20 != 0 : of_others[a.arm]++ % 2 == 0;
        vote(learner, &a, user, content, (liked ? favourite_ms : 100) + i % 7);
    }
}

void weeks_vote(llmlearn *learner, const char *favourite, int count, int *next_user)
{
    vote_all(learner, favourite, count, next_user, 100);
}

void weeks_vote_slow(llmlearn *learner, const char *favourite, int count, int *next_user)
{
    vote_all(learner, favourite, count, next_user, 300);
}

uint32_t weeks_run(llmlearn *learner)
{
    uint32_t runs = 77;

    expect_ok(llmlearn_run_due_jobs(learner, LEARNER_DEADLINE_MS, &runs));
    return runs;
}
