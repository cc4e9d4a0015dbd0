#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>

#define LINE_BYTES 1024

void ll_log_write(const ll_log *log, llmlearn_log_level level, const char *message_id,
                  const char *format, ...)
{
    char line[LINE_BYTES];
    va_list arguments;

    if (log == NULL || log->write == NULL)
        return;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    log->write(log->user, level, message_id, line);
}
