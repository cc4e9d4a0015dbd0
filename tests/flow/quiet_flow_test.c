/* llmlearn_get_variant makes no system call: the kernel ends a thread of the strict mode of seccomp
 * at any call but read, write and exit. */
#include "llmlearn.h"
#include "support/expect.h"
#include "support/folder.h"
#include "support/learners.h"

#include <linux/seccomp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CALLS 100000

typedef struct quiet {
    llmlearn *learner;
    void (*calls)(llmlearn *learner);
    int report; /* a byte is written to it by who lived to the end */
} quiet;

static void *be_quiet(void *argument)
{
    const quiet *q = argument;
    llmlearn_assignment given = { .struct_size = sizeof given };

    /* This thread's first call may cost more. */
    if (llmlearn_get_variant(q->learner, "BUY", "ann", &given) == LLMLEARN_OK &&
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) == 0) {
        q->calls(q->learner);
        if (write(q->report, "", 1) != 1)
            return NULL;
    }
    syscall(SYS_exit, 0); /* a thread that returned would make other calls on its way */
    return NULL;
}

static bool lives(llmlearn *learner, void (*calls)(llmlearn *learner))
{
    int ends[2];
    char byte;
    pthread_t thread;

    ck_assert_int_eq(pipe(ends), 0);
    quiet q = { .learner = learner, .calls = calls, .report = ends[1] };
    ck_assert_int_eq(pthread_create(&thread, NULL, be_quiet, &q), 0);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    close(ends[1]);
    bool lived = read(ends[0], &byte, 1) == 1;
    close(ends[0]);
    return lived;
}

static void get_variants(llmlearn *learner)
{
    llmlearn_assignment given = { .struct_size = sizeof given };
    char unit[8] = "unit000";

    for (int i = 0; i < CALLS; i++) {
        unit[4] = (char)('0' + i / 100 % 10);
        unit[5] = (char)('0' + i / 10 % 10);
        unit[6] = (char)('0' + i % 10);
        if (llmlearn_get_variant(learner, "BUY", i % 4 == 0 ? NULL : unit, &given) != LLMLEARN_OK ||
            given.test_id == 0)
            syscall(SYS_getpid); /* ends it: nothing may fail */
        if (llmlearn_get_variant(learner, "SELL", unit, &given) != LLMLEARN_OK)
            syscall(SYS_getpid);
    }
}

static void get_process(llmlearn *learner)
{
    (void)learner;
    syscall(SYS_getpid);
}

START_TEST(get_variant_makes_no_system_call)
{
    char folder[FOLDER_PATH_BYTES], path[FOLDER_PATH_BYTES + 16];

    if (getenv("LL_SANITIZER") != NULL && *getenv("LL_SANITIZER") != '\0') {
        printf("SKIP a sanitizer makes system calls of its own\n");
        return;
    }
    folder_make_fast(folder);
    snprintf(path, sizeof path, "%s/a.db", folder);
    llmlearn *learner = learner_open(path);
    learner_start_test(learner);
    ck_assert(!lives(learner, get_process));
    ck_assert(lives(learner, get_variants));
    expect_ok(llmlearn_close(learner, LEARNER_DEADLINE_MS));
    folder_remove(folder);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("quiet");
    TCase *tcase = tcase_create("system calls");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_test(tcase, get_variant_makes_no_system_call);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
