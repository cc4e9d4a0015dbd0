/* The search for secrets itself: what must be found is found, in a file, in base64, by the test's
 * own folder_remove(), which is to fail. */
#include "support/canary.h"
#include "support/folder.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char parent[] = "/tmp/llmlearn-canary-XXXXXX"; /* of the folders of all tests */
static char folder[FOLDER_PATH_BYTES], name[FOLDER_PATH_BYTES + 16];

static void make(const char *content, size_t bytes)
{
    folder_make(folder);
    snprintf(name, sizeof name, "%s/a", folder);
    file_write(name, content, bytes);
}

START_TEST(a_secret_is_found_in_a_file)
{
    static const char held[] = "\0\1" CANARY_KEY "\n";

    make(held, sizeof held);
    ck_assert_str_eq(canary_find(folder), name);
    ck_assert_str_eq(canary_find(name), name);
    file_write(name, "", 0);
    ck_assert_ptr_null(canary_find(folder));
    file_write(name, "canary-7f3a9b", 13);
    ck_assert_ptr_null(canary_find(folder));
    ck_assert_ptr_null(canary_find("/nowhere"));
    folder_remove(folder);
}
END_TEST

/* base64 of "xyz", "x" and "xy" with the mark behind it. */
START_TEST(a_secret_is_found_in_base64)
{
    static const char *const encoded[] = {
        "eHl6Y2FuYXJ5LTdmM2E5YjFjNWQ=", "eGNhbmFyeS03ZjNhOWIxYzVk", "eHljYW5hcnktN2YzYTliMWM1ZA=="
    };

    for (size_t i = 0; i < 3; i++)
        ck_assert_msg(canary_is_in_text(encoded[i]), "%s", encoded[i]);
    ck_assert(!canary_is_in_text("eHljYW5hcnktOTk5OTk5OTk5OQ=="));
    ck_assert(!canary_is_in_text(NULL));
}
END_TEST

/* Fails, as its line in main() says it must: nobody may overlook what is left. */
START_TEST(a_folder_with_a_secret_fails_its_test)
{
    make(CANARY_SECRET, sizeof CANARY_SECRET);
    folder_remove(folder);
}
END_TEST

START_TEST(a_log_line_with_a_secret_fails_its_test)
{
    canary_log(NULL, LLMLEARN_LOG_INFO, "id", "nothing");
    canary_log(NULL, LLMLEARN_LOG_INFO, "id", "key " CANARY_KEY);
}
END_TEST

START_TEST(what_is_left_is_cleared)
{
    folder_clear(parent);
}
END_TEST

/* How many of these fail. */
static int failures_of(const TTest *test)
{
    Suite *suite = suite_create("canary");
    TCase *tests = tcase_create("canary");
    SRunner *runner = srunner_create(suite);

    tcase_add_test(tests, test);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_SILENT);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed;
}

int main(void)
{
    const struct {
        const TTest *test;
        int fails;
        const char *what;
    } all[] = {
        { a_secret_is_found_in_a_file, 0, "a secret is found in a file" },
        { a_secret_is_found_in_base64, 0, "a secret is found in base64" },
        { a_folder_with_a_secret_fails_its_test, 1, "a folder with a secret fails its test" },
        { a_log_line_with_a_secret_fails_its_test, 1, "a log line with a secret fails its test" },
        { what_is_left_is_cleared, 0, "what is left is cleared" },
    };
    int bad = 0;

    if (mkdtemp(parent) == NULL)
        return 1;
    setenv("TMPDIR", parent, 1);
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        bool good = failures_of(all[i].test) == all[i].fails;

        printf("%s %s\n", good ? "ok" : "not ok", all[i].what);
        bad += !good;
    }
    return bad != 0;
}
