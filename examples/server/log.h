/* log.h - one line of JSON on stderr for everything that an operator should know.
 *
 * Values are escaped, so that nothing a client sends can begin a line of its own. No secret is
 * ever given to it.
 *
 * Threads: any; a line is one write. */
#ifndef SERVER_LOG_H
#define SERVER_LOG_H

/* log_line("warning", "auth_refused", "client", "192.0.2.1", "path", path, NULL): names and
 * values in turn, a NULL for the end. A value that is NULL is left out with its name. */
__attribute__((sentinel)) void log_line(const char *level, const char *event, ...);

#endif
