/* What calls cost: exact, in every tier, and unknown where it is. */
#include "llm/prices.h"
#include "support/expect.h"
#include "support/folder.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define UNKNOWN LL_PRICES_UNKNOWN

/* As LiteLLM writes them. */
static const char file[] =
    "{\"sample_spec\": {\"input_cost_per_token\": 0.0, \"max_tokens\": \"see below\","
    "  \"output_cost_per_token\": \"a number\"},"
    " \"small\": {\"input_cost_per_token\": 1.5e-07, \"output_cost_per_token\": 6e-07,"
    "  \"cache_read_input_token_cost\": 7.5e-08, \"litellm_provider\": \"x\", \"mode\": \"chat\","
    "  \"supports_vision\": true, \"output_cost_per_reasoning_token\": null},"
    " \"no_cache\": {\"input_cost_per_token\": 2.5e-06, \"output_cost_per_token\": 1e-05},"
    " \"tiered\": {\"input_cost_per_token\": 1.25e-06, \"output_cost_per_token\": 1e-05,"
    "  \"cache_read_input_token_cost\": 1.25e-07,"
    "  \"input_cost_per_token_above_200k_tokens\": 2.5e-06,"
    "  \"output_cost_per_token_above_200k_tokens\": 1.5e-05,"
    "  \"cache_read_input_token_cost_above_200k_tokens\": 2.5e-07,"
    "  \"input_cost_per_token_above_512k_tokens\": 5e-06,"
    "  \"input_cost_per_token_flex\": 1, \"input_cost_per_token_above_1hr\": 1,"
    "  \"input_cost_per_token_above_200k_tokens_priority\": 1},"
    " \"tiny\": {\"input_cost_per_token\": 4e-10, \"output_cost_per_token\": 5e-10},"
    " \"off\": {\"input_cost_per_token\": 2.0000000000000003e-06, \"output_cost_per_token\": 0},"
    " \"free\": {\"input_cost_per_token\": 0.0, \"output_cost_per_token\": 0},"
    " \"dear\": {\"input_cost_per_token\": 0.5, \"output_cost_per_token\": 0.5},"
    " \"half\": {\"input_cost_per_token\": 1e-06},"
    " \"per_million\": {\"input_cost_per_token\": 2.5, \"output_cost_per_token\": 10},"
    " \"negative\": {\"input_cost_per_token\": -1e-06, \"output_cost_per_token\": 1e-06},"
    " \"text\": {\"input_cost_per_token\": \"1e-06\", \"output_cost_per_token\": 1e-06},"
    " \"list\": [1], \"number\": 1, \"nothing\": null, \"empty\": {}}";

static ll_prices *prices;

static void parse(void)
{
    expect_ok(ll_prices_parse(file, sizeof file - 1, &prices));
}

static void drop(void)
{
    ll_prices_free(prices);
    prices = NULL;
}

START_TEST(costs_are_exact)
{
    static const struct {
        const char *model;
        int64_t prompt, cached, completion, nano_dollars;
    } rows[] = {
        { "small", 0, 0, 0, 0 },
        { "small", 1, 0, 0, 150 },
        { "small", 0, 0, 1, 600 },
        { "small", 1000, 400, 200, 600 * 150 + 400 * 75 + 200 * 600 },
        { "small", 1000, -1, 200, 1000 * 150 + 200 * 600 },      /* not said: none */
        { "small", 1000, 5000, 200, 1000 * 75 + 200 * 600 },     /* no more than the prompt */
        { "no_cache", 1000, 400, 10, 1000 * 2500 + 10 * 10000 }, /* saves nothing */
        { "off", 1000000, 0, 0, 2000000000 },                    /* what the double meant */
        { "free", 1000000, 0, 1000000, 0 },
        /* the whole request, once the prompt is longer than the threshold */
        { "tiered", 200000, 0, 1, 200000LL * 1250 + 10000 },
        { "tiered", 200001, 0, 1, 200001LL * 2500 + 15000 },
        { "tiered", 200001, 100000, 0, 100001LL * 2500 + 100000LL * 250 },
        { "tiered", 512000, 0, 1, 512000LL * 2500 + 15000 },
        { "tiered", 512001, 0, 1, 512001LL * 5000 + 15000 }, /* what it leaves out is as below */
        { "tiered", 512001, 512001, 0, 512001LL * 5000 },    /* but not a cache of another price */
        /* rounded to the nearest, halves up, once and at the end */
        { "tiny", 1, 0, 0, 0 },
        { "tiny", 0, 0, 1, 1 },
        { "tiny", 1, 0, 1, 1 },
        { "tiny", 1, 0, 2, 1 },
        { "tiny", 1, 0, 3, 2 },
        { "tiny", 10000000, 0, 0, 4000000 },
        /* not known */
        { "small", -1, 0, 5, UNKNOWN },
        { "small", 5, 0, -1, UNKNOWN },
        { "", 1, 0, 1, UNKNOWN },
        { "smal", 1, 0, 1, UNKNOWN },
        { "smalls", 1, 0, 1, UNKNOWN },
        { "sample_spec", 1, 0, 1, UNKNOWN },
        { "half", 1, 0, 1, UNKNOWN },
        { "per_million", 1, 0, 1, UNKNOWN },
        { "negative", 1, 0, 1, UNKNOWN },
        { "text", 1, 0, 1, UNKNOWN },
        { "list", 1, 0, 1, UNKNOWN },
        { "empty", 1, 0, 1, UNKNOWN },
        /* more than there is money */
        { "dear", 18446744073, 0, 0, 9223372036500000000 },
        { "dear", INT64_MAX, 0, INT64_MAX, UNKNOWN },
        { "small", INT64_MAX, INT64_MAX, INT64_MAX, UNKNOWN },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t got = ll_prices_cost(prices, rows[i].model, rows[i].prompt, rows[i].cached,
                                     rows[i].completion);

        ck_assert_msg(got == rows[i].nano_dollars, "%zu %s: %lld, not %lld", i, rows[i].model,
                      (long long)got, (long long)rows[i].nano_dollars);
    }
    ck_assert_uint_eq(ll_prices_count(prices), 7);
    ck_assert_int_eq(ll_prices_cost(NULL, "small", 1, 0, 1), UNKNOWN);
}
END_TEST

START_TEST(a_ceiling_is_never_less_than_a_cost)
{
    static const char *const models[] = { "small", "no_cache", "tiered", "tiny", "off", "free" };

    for (size_t m = 0; m < sizeof models / sizeof models[0]; m++)
        for (int64_t bytes = 1; bytes < 2000000; bytes = bytes * 7 + 1)
            for (int64_t tokens = 1; tokens < 100000; tokens = tokens * 9 + 2) {
                int64_t most =
                    ll_prices_ceiling(prices, models[m], (size_t)bytes, (uint32_t)tokens);

                for (int64_t cached = -1; cached <= bytes; cached = cached * 11 + 12)
                    ck_assert_int_ge(most,
                                     ll_prices_cost(prices, models[m], bytes, cached, tokens));
            }
    ck_assert_int_eq(ll_prices_ceiling(prices, "small", 1000, 100), 1000 * 150 + 100 * 600);
    ck_assert_int_eq(ll_prices_ceiling(prices, "tiered", 1, 1), 5000 + 15000); /* the dearest */
    ck_assert_int_eq(ll_prices_ceiling(prices, "tiny", 1, 1), 1);              /* up */
    ck_assert_int_eq(ll_prices_ceiling(prices, "tiny", 1, 2), 2);
    ck_assert_int_eq(ll_prices_ceiling(prices, "small", 1000, 0), UNKNOWN);
    ck_assert_int_eq(ll_prices_ceiling(prices, "half", 1000, 1), UNKNOWN);
    ck_assert_int_eq(ll_prices_ceiling(prices, "dear", SIZE_MAX, 1), UNKNOWN);
    ck_assert_int_eq(ll_prices_ceiling(NULL, "small", 1000, 1), UNKNOWN);
}
END_TEST

START_TEST(other_files_are_refused)
{
    static const struct {
        const char *text;
        const char *why;
    } rows[] = {
        { "", "not a JSON object" },
        { "[]", "not a JSON object" },
        { "{", "not a JSON object" },
        { "{}", "no model" },
        { "{\"a\":{\"input_cost_per_token\":1}}", "no model" },
        { "{\"a\":{\"a\":1,\"a\":2}}", "key twice" },
        { "{\"a\":{\"input_cost_per_token\":1e999,\"output_cost_per_token\":1}}", "too large" },
        { "{\"a\":{\"input_cost_per_token\":99999999999999999999}}", "too large" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ll_prices *out = NULL;

        expect_err(ll_prices_parse(rows[i].text, strlen(rows[i].text), &out), LLMLEARN_ELLM,
                   rows[i].why);
        ck_assert_ptr_null(out);
    }
}
END_TEST

START_TEST(a_file_is_read_with_a_cap)
{
    char folder[FOLDER_PATH_BYTES], path[FOLDER_PATH_BYTES + 16];
    ll_prices *out = NULL;

    folder_make(folder);
    snprintf(path, sizeof path, "%s/p.json", folder);
    expect_err(ll_prices_load(path, &out), LLMLEARN_EIO, "cannot be opened");
    expect_err(ll_prices_load(folder, &out), LLMLEARN_EIO, "is not a file");
    file_write(path, file, sizeof file - 1);
    expect_ok(ll_prices_load(path, &out));
    ck_assert_int_eq(ll_prices_cost(out, "small", 1, 0, 0), 150);
    ll_prices_free(out);
    out = NULL;
    ck_assert_int_eq(truncate(path, LL_PRICES_FILE_BYTES_MAX), 0); /* NULs behind it */
    expect_err(ll_prices_load(path, &out), LLMLEARN_ELLM, "not a JSON object");
    ck_assert_int_eq(truncate(path, (off_t)LL_PRICES_FILE_BYTES_MAX + 1), 0);
    expect_err(ll_prices_load(path, &out), LLMLEARN_ELLM, "larger than");
    unlink(path);
    ck_assert_int_eq(mkfifo(path, 0600), 0); /* nobody will ever write to it */
    expect_err(ll_prices_load(path, &out), LLMLEARN_EIO, "is not a file");
    ck_assert_ptr_null(out);
    folder_remove(folder);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("llm_prices");
    TCase *tests = tcase_create("llm_prices");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(tests, parse, drop);
    tcase_add_test(tests, costs_are_exact);
    tcase_add_test(tests, a_ceiling_is_never_less_than_a_cost);
    tcase_add_test(tests, other_files_are_refused);
    tcase_add_test(tests, a_file_is_read_with_a_cap);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
