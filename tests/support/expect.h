/* expect.h - public calls that must succeed, or fail in one way; the code and the line of
 * detail say what happened instead. */
#ifndef SUPPORT_EXPECT_H
#define SUPPORT_EXPECT_H

#include "llmlearn.h"
#include "support/canary.h"

#include <check.h>
#include <string.h>

#define expect_ok(call)                                                                            \
    do {                                                                                           \
        llmlearn_err expect_got = (call);                                                          \
        ck_assert_msg(expect_got == LLMLEARN_OK, "%s: %s: %s", #call,                              \
                      llmlearn_error_name(expect_got), llmlearn_error_detail());                   \
    } while (0)

/* `words` is what the detail line must hold: the name of the field. No secret may be in it. */
#define expect_err(call, code, words)                                                              \
    do {                                                                                           \
        llmlearn_err expect_got = (call);                                                          \
        ck_assert_msg(expect_got == (code), "%s: %s, not %s: %s", #call,                           \
                      llmlearn_error_name(expect_got), #code, llmlearn_error_detail());            \
        ck_assert_msg(strstr(llmlearn_error_detail(), (words)) != NULL, "%s: \"%s\" lacks \"%s\"", \
                      #call, llmlearn_error_detail(), (words));                                    \
        ck_assert_msg(!canary_is_in_text(llmlearn_error_detail()), "%s: a secret is told", #call); \
    } while (0)

#endif
