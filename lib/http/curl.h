/* curl.h - libcurl, loaded when it is first needed.
 *
 * Linking it would cost every process that only logs 5 ms and some twenty libraries. So its
 * functions are called through a table: curl->easy_init() is curl_easy_init().
 *
 * Threads: any, also the first time. The table never changes once it is given out, and lives as
 *          long as the process. A fork at any moment leaves the child able to load it.
 * Uses:    err. */
#ifndef LL_HTTP_CURL_H
#define LL_HTTP_CURL_H

#include "llmlearn.h"

#define CURL_DISABLE_TYPECHECK 1 /* those macros name the functions that we do not link */
#include <curl/curl.h>

#define LL_CURL_FUNCTIONS(F)                                                                       \
    F(easy_init)                                                                                   \
    F(easy_setopt)                                                                                 \
    F(easy_getinfo)                                                                                \
    F(easy_cleanup)                                                                                \
    F(easy_strerror)                                                                               \
    F(multi_init)                                                                                  \
    F(multi_add_handle)                                                                            \
    F(multi_remove_handle)                                                                         \
    F(multi_perform)                                                                               \
    F(multi_poll)                                                                                  \
    F(multi_info_read)                                                                             \
    F(multi_cleanup)                                                                               \
    F(slist_append)                                                                                \
    F(slist_free_all)                                                                              \
    F(url)                                                                                         \
    F(url_set)                                                                                     \
    F(url_get)                                                                                     \
    F(url_cleanup)                                                                                 \
    F(free)                                                                                        \
    F(global_init)                                                                                 \
    F(version_info)

typedef struct ll_curl {
#define LL_CURL_MEMBER(name) __typeof__(curl_##name) *name;
    LL_CURL_FUNCTIONS(LL_CURL_MEMBER)
#undef LL_CURL_MEMBER
} ll_curl;

/* 7.87 is the first that can give up on a name server in time (CURLOPT_QUICK_EXIT). */
#define LL_CURL_VERSION_MIN 0x075700

/* LLMLEARN_EUNSUPPORTED if it is not installed or too old; another call looks again. */
llmlearn_err ll_curl_load(const ll_curl **out_curl);

#endif
