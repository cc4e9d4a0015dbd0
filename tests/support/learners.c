#include "support/learners.h"

#include "support/canary.h"
#include "support/expect.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

void learner_options(const char *path, llmlearn_options *out_options)
{
    llmlearn_options_init(out_options, sizeof *out_options);
    out_options->path = path;
    out_options->journal_bytes_max = 1 << 20;
    out_options->segment_bytes = 64 << 10;
    out_options->batch_interval_ms = 5;
    out_options->feedback_per_hour = UINT32_MAX;
    out_options->log = canary_log;
}

llmlearn *learner_open(const char *path)
{
    llmlearn_options options;
    llmlearn *learner = NULL;

    learner_options(path, &options);
    expect_ok(llmlearn_open(&options, &learner));
    return learner;
}

llmlearn_err learner_log(llmlearn *learner, const char *text, llmlearn_id *out_id)
{
    const llmlearn_explanation explanation = {
        .struct_size = sizeof explanation,
        .flags = LLMLEARN_HAS_LATENCY | LLMLEARN_HAS_COST,
        .ticker = "NVDA",
        .signal = "BUY",
        .text = text,
        .latency_ms = 12.5,
        .cost_nanousd = 7,
    };

    return llmlearn_log_explanation(learner, &explanation, out_id);
}

uint64_t learner_start_test(llmlearn *learner)
{
    static const llmlearn_arm arms[] = { { "v1.0", 0.5 }, { "v1.1", 0.3 }, { "v1.2", 0.2 } };
    const llmlearn_ab_test test = {
        .struct_size = sizeof test, .signal = "BUY", .arms = arms, .arm_count = 3
    };
    uint64_t id = 0;

    for (int i = 0; i < 3; i++) {
        const llmlearn_variant variant = { .struct_size = sizeof variant,
                                           .signal = "BUY",
                                           .version = arms[i].version,
                                           .text = "Explain it." };
        expect_ok(llmlearn_add_variant(learner, &variant));
    }
    expect_ok(llmlearn_start_ab_test(learner, &test, &id));
    return id;
}

static bool one_in(uint32_t n, uint64_t *random)
{
    return learner_random(random) % n == 0;
}

llmlearn_err learner_log_in_test(llmlearn *learner, const char *text, uint64_t *random,
                                 llmlearn_id *out_id)
{
    llmlearn_assignment a = { .struct_size = sizeof a };
    llmlearn_explanation e = { .struct_size = sizeof e, .ticker = "NVDA", .signal = "BUY" };
    char unit[16];

    snprintf(unit, sizeof unit, "user%u", learner_random(random) % 50);
    e.text = text;
    e.unit = one_in(3, random) ? NULL : unit;
    expect_ok(llmlearn_get_variant(learner, "BUY", e.unit, &a));
    e.version = a.version;
    e.test_id = a.test_id;
    e.arm = a.arm;
    e.flags = a.flags;
    e.flags |= one_in(10, random) ? LLMLEARN_FALLBACK : 0;
    e.flags |= one_in(20, random) ? LLMLEARN_CACHED : 0;
    if (!one_in(5, random)) {
        e.flags |= LLMLEARN_HAS_LATENCY;
        e.latency_ms = learner_random(random) % 100000 / 7.0;
    }
    if (!one_in(5, random)) {
        e.flags |= LLMLEARN_HAS_COST;
        e.cost_nanousd = learner_random(random);
    }
    return llmlearn_log_explanation(learner, &e, out_id);
}

llmlearn_err learner_vote(llmlearn *learner, const llmlearn_id *id, const char *user, bool helpful,
                          int rating)
{
    const llmlearn_feedback feedback = {
        .struct_size = sizeof feedback,
        .vote = helpful ? LLMLEARN_HELPFUL : LLMLEARN_NOT_HELPFUL,
        .explanation_id = *id,
        .user = user,
        .rating = rating,
        .deadline_ms = LEARNER_DEADLINE_MS,
    };

    return llmlearn_submit_feedback(learner, &feedback, NULL);
}

bool learner_drain_all(llmlearn *learner)
{
    char *json = NULL;
    bool all;

    expect_ok(llmlearn_analytics(learner, 1, LLMLEARN_REFRESH, LEARNER_DEADLINE_MS, &json));
    all = strstr(json, "\"pending\":0,") != NULL;
    llmlearn_free(json);
    return all;
}

int learner_journal_files(const char *path)
{
    char name[512];
    DIR *folder;
    int count = 0;

    snprintf(name, sizeof name, "%s.journal", path);
    folder = opendir(name);
    if (folder == NULL)
        return 0;
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;)
        count += entry->d_name[0] != '.';
    closedir(folder);
    return count;
}

/* splitmix64 */
uint32_t learner_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)(z >> 32);
}

uint64_t learner_seed(const char *test)
{
    const char *given = getenv("LL_SEED");
    uint64_t seed = given != NULL ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);

    printf("%s: LL_SEED=%" PRIu64 "\n", test, seed);
    fflush(stdout);
    return seed;
}

int learner_rounds(int usual, int quick)
{
    const char *sanitizer = getenv("LL_SANITIZER");
    bool is_quick = getenv("LL_QUICK") != NULL || (sanitizer != NULL && *sanitizer != '\0');

    return is_quick ? quick : usual;
}

bool learner_may_fork(void)
{
    const char *sanitizer = getenv("LL_SANITIZER");

    if (sanitizer == NULL || *sanitizer == '\0')
        return true;
    printf("SKIP a process under the %s sanitizer does not survive a fork of many threads\n",
           sanitizer);
    return false;
}
