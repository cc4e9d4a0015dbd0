#include "base/err.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static _Thread_local char detail_line[LL_ERR_DETAIL_BYTES];
static _Thread_local uint32_t detail_retry_after_s;

__attribute__((format(printf, 1, 0))) static void set_line(const char *format, va_list arguments)
{
    vsnprintf(detail_line, sizeof detail_line, format, arguments);
    detail_retry_after_s = 0;
}

llmlearn_err ll_fail(llmlearn_err err, const char *format, ...)
{
    va_list arguments;

    assert(err < 0);
    va_start(arguments, format);
    set_line(format, arguments);
    va_end(arguments);
    return err;
}

static llmlearn_err err_of_errno(int errnum)
{
    switch (errnum) {
    case ENOMEM:
        return LLMLEARN_ENOMEM;
    case ENOSPC:
    case EDQUOT:
        return LLMLEARN_EFULL;
    default:
        return LLMLEARN_EIO;
    }
}

llmlearn_err ll_fail_errno(int errnum, const char *format, ...)
{
    va_list arguments;
    char buffer[128];
    const char *reason = strerror_r(errnum, buffer, sizeof buffer); /* GNU's gives the text */
    size_t used;

    va_start(arguments, format);
    set_line(format, arguments);
    va_end(arguments);
    used = strlen(detail_line);
    snprintf(detail_line + used, sizeof detail_line - used, ": %s", reason);
    return err_of_errno(errnum);
}

llmlearn_err ll_fail_rate(uint32_t retry_after_s, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    set_line(format, arguments);
    va_end(arguments);
    detail_retry_after_s = retry_after_s;
    return LLMLEARN_ERATE;
}

void ll_err_capture(llmlearn_err err, ll_err_report *out)
{
    assert(out != NULL);
    out->err = err;
    out->retry_after_s = err == LLMLEARN_ERATE ? detail_retry_after_s : 0;
    out->detail[0] = '\0';
    if (err != LLMLEARN_OK)
        memcpy(out->detail, detail_line, sizeof detail_line);
}

llmlearn_err ll_err_restore(const ll_err_report *report)
{
    assert(report != NULL);
    if (report->err != LLMLEARN_OK) {
        memcpy(detail_line, report->detail, sizeof detail_line);
        detail_retry_after_s = report->retry_after_s;
    }
    return report->err;
}

const char *llmlearn_error_detail(void)
{
    return detail_line;
}

uint32_t llmlearn_error_retry_after_s(void)
{
    return detail_retry_after_s;
}

const char *llmlearn_error_name(llmlearn_err err)
{
    switch (err) {
#define NAME(code)                                                                                 \
    case code:                                                                                     \
        return #code
        NAME(LLMLEARN_OK);
        NAME(LLMLEARN_EINVAL);
        NAME(LLMLEARN_ENOMEM);
        NAME(LLMLEARN_EIO);
        NAME(LLMLEARN_ECORRUPT);
        NAME(LLMLEARN_EFULL);
        NAME(LLMLEARN_ENOTFOUND);
        NAME(LLMLEARN_EUNSUPPORTED);
        NAME(LLMLEARN_ETIMEDOUT);
        NAME(LLMLEARN_ERATE);
        NAME(LLMLEARN_EEXIST);
        NAME(LLMLEARN_ENOCHAMPION);
        NAME(LLMLEARN_ESTATE);
        NAME(LLMLEARN_EFOREIGN);
        NAME(LLMLEARN_EUNKNOWN);
        NAME(LLMLEARN_ELLM);
        NAME(LLMLEARN_EBUDGET);
        NAME(LLMLEARN_ECANCELLED);
#undef NAME
    }
    return "LLMLEARN_?";
}
