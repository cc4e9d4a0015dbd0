#include "log.h"

#include "readable.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static json_t *time_now(void)
{
    struct timespec now;
    struct tm parts;
    char text[40];

    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &parts);
    size_t used = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(text + used, sizeof text - used, ".%03ldZ", now.tv_nsec / 1000000);
    return json_string(text);
}

void log_line(const char *level, const char *event, ...)
{
    json_t *line = json_object();
    va_list arguments;

    json_object_set_new(line, "at", time_now());
    json_object_set_new(line, "level", json_string(level));
    json_object_set_new(line, "event", json_string(event));
    va_start(arguments, event);
    for (const char *name; (name = va_arg(arguments, const char *)) != NULL;) {
        const char *value = va_arg(arguments, const char *);
        if (value != NULL)
            json_object_set_new(line, name, readable_string(value));
    }
    va_end(arguments);

    char *text = json_dumps(line, JSON_COMPACT | JSON_ENSURE_ASCII);
    json_decref(line);
    size_t length = text != NULL ? strlen(text) : 0;
    if (length > 0) {
        text[length] = '\n'; /* in place of the NUL: one write is one line */
        ssize_t written = write(STDERR_FILENO, text, length + 1);
        (void)written; /* nowhere is left to say that the log is full */
    }
    free(text);
}
