#include "base/locale.h"

void ll_locale_enter(ll_locale *scope)
{
    scope->ours = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    scope->before = scope->ours == (locale_t)0 ? (locale_t)0 : uselocale(scope->ours);
}

void ll_locale_leave(ll_locale *scope)
{
    if (scope->ours == (locale_t)0)
        return;
    uselocale(scope->before);
    freelocale(scope->ours);
    *scope = (ll_locale){ .ours = (locale_t)0 };
}
