#include "encoding.h"

#include <string.h>
#include <strings.h>

/* ";q=0", ";q=0.000": named only to be refused. */
static bool is_refused(const char *parameters)
{
    const char *at = parameters + strspn(parameters, "; \t");
    if ((at[0] != 'q' && at[0] != 'Q') || at[1] != '=' || at[2] != '0')
        return false;
    const char *end = at + 2 + strspn(at + 2, "0.");
    return *end == '\0' || strchr(", \t", *end) != NULL;
}

bool encoding_accepts_gzip(const char *accepted)
{
    for (const char *at = accepted; at != NULL && *at != '\0'; at += strcspn(at, ",")) {
        at += strspn(at, ", \t");
        size_t length = strcspn(at, ",; \t");
        if (length == 4 && strncasecmp(at, "gzip", 4) == 0)
            return !is_refused(at + length);
    }
    return false;
}
