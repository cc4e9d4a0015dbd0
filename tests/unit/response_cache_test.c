/* Answers by what was asked: the right one, not too old, and no more than there is room for. */
#include "llm/response_cache.h"

#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND INT64_C(1000000)

static int64_t now_us;
static ll_response_cache *cache;

static int64_t read_clock(void *user)
{
    (void)user;
    return now_us;
}

static const ll_clock the_clock = { .now = read_clock };

static void make(uint32_t entries, size_t bytes)
{
    ck_assert_int_eq(ll_response_cache_new(entries, bytes, 60000, &the_clock, &cache), LLMLEARN_OK);
}

static void teardown(void)
{
    ll_response_cache_free(cache);
    cache = NULL;
}

static void put(const char *model, const char *version, const char *prompt, const char *text)
{
    ll_response_cache_put(cache, &(ll_response_key){ model, version, prompt, NULL }, text);
}

static void expect(const char *model, const char *version, const char *prompt, const char *text)
{
    char *got = ll_response_cache_get(cache, &(ll_response_key){ model, version, prompt, NULL });

    if (text == NULL)
        ck_assert_ptr_null(got);
    else
        ck_assert_str_eq(got, text);
    free(got);
}

START_TEST(the_whole_key_counts)
{
    make(10, 100000);
    put("m", "v1.0", "why AAPL?", "because");
    put("m", "v1.1", "why AAPL?", "so");
    put("n", "v1.0", "why AAPL?", "");
    expect("m", "v1.0", "why AAPL?", "because");
    expect("m", "v1.1", "why AAPL?", "so");
    expect("n", "v1.0", "why AAPL?", "");
    expect("m", "v1.0", "why AAPL", NULL);
    expect("mv1", ".0", "why AAPL?", NULL); /* the same bytes, cut elsewhere */
    ck_assert_ptr_null(
        ll_response_cache_get(cache, &(ll_response_key){ "m", "v1.0", "why AAPL?", "Be brief." }));
    put("m", "v1.0", "why AAPL?", "because of that");
    expect("m", "v1.0", "why AAPL?", "because of that");
}
END_TEST

START_TEST(what_is_too_old_or_from_the_future_is_gone)
{
    make(10, 100000);
    now_us = 100 * SECOND;
    put("m", "v", "p", "t");
    now_us += 60 * SECOND - 1;
    expect("m", "v", "p", "t");
    now_us += 1;
    expect("m", "v", "p", NULL);
    put("m", "v", "p", "t");
    now_us -= 1;
    expect("m", "v", "p", NULL);
    now_us += 1;
    expect("m", "v", "p", NULL); /* forgotten, not hidden */
}
END_TEST

START_TEST(the_least_used_goes_first)
{
    make(3, 100000);
    put("m", "v", "1", "a");
    put("m", "v", "2", "b");
    put("m", "v", "3", "c");
    expect("m", "v", "1", "a");
    put("m", "v", "4", "d");
    expect("m", "v", "2", NULL);
    expect("m", "v", "1", "a");
    expect("m", "v", "3", "c");
    expect("m", "v", "4", "d");
}
END_TEST

START_TEST(bytes_are_bounded)
{
    static char large[3000];

    make(1000, 8000);
    memset(large, 'x', sizeof large - 1);
    put("m", "v", "p", large); /* over a quarter */
    expect("m", "v", "p", NULL);
    large[500] = '\0';
    for (int i = 0; i < 100; i++) {
        char prompt[20];
        snprintf(prompt, sizeof prompt, "%d", i);
        put("m", "v", prompt, large);
    }
    int kept = 0;
    for (int i = 0; i < 100; i++) {
        char prompt[20];
        snprintf(prompt, sizeof prompt, "%d", i);
        char *got = ll_response_cache_get(cache, &(ll_response_key){ "m", "v", prompt, NULL });
        kept += got != NULL;
        ck_assert(got == NULL || i >= 80);
        free(got);
    }
    ck_assert_int_ge(kept, 10);
    ck_assert_int_le(kept, 15);
}
END_TEST

/* Against a plain table of what was put last: what is got is that, or nothing. */
static void *use(void *argument)
{
    unsigned seed = *(unsigned *)argument;

    for (int i = 0; i < 20000; i++) {
        char prompt[20], text[20];
        int key = rand_r(&seed) % 200;
        snprintf(prompt, sizeof prompt, "prompt %d", key);
        snprintf(text, sizeof text, "text of %d", key);
        if (rand_r(&seed) % 2 == 0) {
            put("m", "v", prompt, text);
            continue;
        }
        char *got = ll_response_cache_get(cache, &(ll_response_key){ "m", "v", prompt, NULL });
        ck_assert(got == NULL || strcmp(got, text) == 0);
        free(got);
    }
    return NULL;
}

START_TEST(many_threads_get_what_was_put)
{
    pthread_t threads[4];
    unsigned seeds[4] = { 1, 2, 3, 4 };

    make(64, 16000);
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, use, &seeds[i]), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("response_cache");
    TCase *tc = tcase_create("response_cache");
    SRunner *runner = srunner_create(suite);

    tcase_add_checked_fixture(tc, NULL, teardown);
    tcase_add_test(tc, the_whole_key_counts);
    tcase_add_test(tc, what_is_too_old_or_from_the_future_is_gone);
    tcase_add_test(tc, the_least_used_goes_first);
    tcase_add_test(tc, bytes_are_bounded);
    tcase_add_test(tc, many_threads_get_what_was_put);
    suite_add_tcase(suite, tc);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
