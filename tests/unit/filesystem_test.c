#include "base/filesystem.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

START_TEST(file_systems_are_known_by_their_number)
{
    static const struct {
        unsigned long magic;
        const char *name;
        bool network, maps_safely;
    } cases[] = {
        { 0xef53, "ext4", false, true },         { 0x01021994, "tmpfs", false, true },
        { 0x58465342, "xfs", false, false },     { 0x9123683e, "btrfs", false, false },
        { 0x794c7630, "overlay", false, false }, { 0x6969, "nfs", true, false },
        { 0xff534d42, "cifs", true, false },     { 0x65735546, "fuse", true, false },
        { 0x12345678, "unknown", false, false }, { 0, "unknown", false, false },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ll_filesystem found = ll_filesystem_by_magic(cases[i].magic);
        ck_assert_str_eq(found.name, cases[i].name);
        ck_assert_int_eq(found.network, cases[i].network);
        ck_assert_int_eq(found.maps_safely, cases[i].maps_safely);
    }
}
END_TEST

START_TEST(a_path_is_looked_at)
{
    ll_filesystem found = { .name = NULL };

    ck_assert_int_eq(ll_filesystem_of("/", &found), LLMLEARN_OK);
    ck_assert_ptr_nonnull(found.name);
    ck_assert_int_eq(ll_filesystem_of("/no/such/folder", &found), LLMLEARN_EIO);
    ck_assert_ptr_nonnull(strstr(llmlearn_error_detail(), "/no/such/folder"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("filesystem");
    TCase *tests = tcase_create("filesystem");
    SRunner *runner;
    int failed_count;

    tcase_add_test(tests, file_systems_are_known_by_their_number);
    tcase_add_test(tests, a_path_is_looked_at);
    suite_add_tcase(suite, tests);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed_count = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
