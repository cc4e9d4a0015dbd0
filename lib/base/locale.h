/* locale.h - numbers written and read the same whatever locale the host has set.
 *
 * printf and strtod ask the locale for its decimal point, which may be a comma, or several
 * bytes. Between enter and leave this thread, and no other, uses the "C" locale. Cost: about
 * 30 ns.
 *
 * Threads: a scope belongs to the thread that entered it.
 * Uses:    nothing. */
#ifndef LL_BASE_LOCALE_H
#define LL_BASE_LOCALE_H

#include <locale.h>

typedef struct ll_locale {
    locale_t ours, before;
} ll_locale;

/* If it cannot be had, the thread keeps the locale it has. */
void ll_locale_enter(ll_locale *scope);
void ll_locale_leave(ll_locale *scope);

#endif
