#include "http/curl.h"

#include "base/err.h"

#include <assert.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stddef.h>
#include <string.h>

static ll_curl table;
static const char *table_problem = "it was not loaded"; /* NULL: the table is good */
static pthread_once_t once = PTHREAD_ONCE_INIT;

static const struct {
    const char *name;
    size_t offset; /* in the table */
} functions[] = {
#define FUNCTION(name) { "curl_" #name, offsetof(ll_curl, name) },
    LL_CURL_FUNCTIONS(FUNCTION)
#undef FUNCTION
};

/* OpenSSL's first, as libcurl itself is called wherever there is only one. */
static void *open_library(void)
{
    void *library = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);

    return library != NULL ? library : dlopen("libcurl-gnutls.so.4", RTLD_NOW | RTLD_LOCAL);
}

static const char *fill_table(void *library)
{
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        void *function = dlsym(library, functions[i].name);

        if (function == NULL)
            return "it lacks a function that we call";
        memcpy((char *)&table + functions[i].offset, &function, sizeof function);
    }
    if (table.version_info(CURLVERSION_NOW)->version_num < LL_CURL_VERSION_MIN)
        return "it is older than 7.87";
    return table.global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? NULL : "it does not start";
}

static void load(void)
{
    void *library = open_library(); /* a second handle of one that is there already */

    if (library != NULL)
        table_problem = fill_table(library);
}

llmlearn_err ll_curl_load(const ll_curl **out_curl)
{
    assert(out_curl != NULL);
    /* Outside of `once`, so that a library that was missing may be installed later. It stays
     * open, as does what it loaded: TLS libraries leave handlers behind for exit. */
    void *library = open_library();

    if (library == NULL)
        return ll_fail(LLMLEARN_EUNSUPPORTED, "libcurl.so.4 is not installed; calls to a model, "
                                              "mail and webhooks need it (Debian: libcurl4)");
    pthread_once(&once, load);
    if (table_problem != NULL)
        return ll_fail(LLMLEARN_EUNSUPPORTED, "libcurl.so.4 cannot be used: %s", table_problem);
    *out_curl = &table;
    return LLMLEARN_OK;
}
