#include "http/transfer.h"

#include "base/err.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

/* ---- signals ----------------------------------------------------------- */

typedef struct quiet {
    sigset_t before;
    bool was_pending; /* a SIGPIPE that is the host's own business */
} quiet;

static bool sigpipe_pending(void)
{
    sigset_t pending;

    return sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE) == 1;
}

static void quiet_begin(quiet *q)
{
    sigset_t pipe_signal;

    sigemptyset(&pipe_signal);
    sigaddset(&pipe_signal, SIGPIPE);
    q->was_pending = sigpipe_pending();
    pthread_sigmask(SIG_BLOCK, &pipe_signal, &q->before);
}

static void quiet_end(const quiet *q)
{
    static const struct timespec at_once = { 0 };
    sigset_t pipe_signal;

    sigemptyset(&pipe_signal);
    sigaddset(&pipe_signal, SIGPIPE);
    if (!q->was_pending && sigpipe_pending())
        sigtimedwait(&pipe_signal, NULL, &at_once);
    pthread_sigmask(SIG_SETMASK, &q->before, NULL);
}

/* One step, with every signal blocked: a thread started in it inherits that. */
static CURLMcode perform(const ll_curl *curl, CURLM *multi, int *out_running)
{
    sigset_t all, before;
    CURLMcode code;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    code = curl->multi_perform(multi, out_running);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return code;
}

/* ---- what every handle has in common ----------------------------------- */

/* libcurl calls it with the address it is about to connect to. */
static curl_socket_t open_socket(void *user, curlsocktype purpose, struct curl_sockaddr *to)
{
    ll_transfer *transfer = user;

    if (purpose != CURLSOCKTYPE_IPCXN ||
        !ll_address_allowed(&transfer->addresses, &to->addr, (socklen_t)to->addrlen)) {
        transfer->address_refused = true;
        return CURL_SOCKET_BAD;
    }
    return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

/* The first failure is kept. */
static void keep(CURLcode *first, CURLcode code)
{
    if (*first == CURLE_OK)
        *first = code;
}

CURLcode ll_transfer_prepare(const ll_curl *curl, CURL *easy, ll_transfer *transfer)
{
    CURLcode code = CURLE_OK;

    assert(curl != NULL && easy != NULL && transfer != NULL);
    keep(&code, curl->easy_setopt(easy, CURLOPT_NOSIGNAL, 1L));
    keep(&code, curl->easy_setopt(easy, CURLOPT_VERBOSE, 0L));
    /* A name server that does not answer is not waited for after the deadline. */
    keep(&code, curl->easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L));
    keep(&code, curl->easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)LL_CONNECT_MS));
    /* Not even one from the environment: it would see whom we call, and would be called in
     * place of the addresses that we look at. */
    keep(&code, curl->easy_setopt(easy, CURLOPT_PROXY, ""));
    keep(&code, curl->easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L));
    keep(&code, curl->easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L));
    keep(&code, curl->easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L));
    keep(&code, curl->easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2));
    if (transfer->ca_file != NULL) {
        keep(&code, curl->easy_setopt(easy, CURLOPT_CAINFO, transfer->ca_file));
        keep(&code, curl->easy_setopt(easy, CURLOPT_CAPATH, NULL)); /* those and no others */
    }
    keep(&code, curl->easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket));
    keep(&code, curl->easy_setopt(easy, CURLOPT_OPENSOCKETDATA, transfer));
    return code;
}

/* ---- to the end -------------------------------------------------------- */

static ll_http_failure classify(const ll_transfer *transfer, CURLcode code)
{
    if (transfer->no_memory)
        return LL_HTTP_NO_MEMORY;
    if (transfer->too_large)
        return LL_HTTP_TOO_LARGE;
    switch ((int)code) {
    case CURLE_OK:
        return LL_HTTP_DONE;
    case CURLE_OUT_OF_MEMORY:
        return LL_HTTP_NO_MEMORY;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_OPERATION_TIMEDOUT: /* connecting: we set no other limit of time */
        return transfer->address_refused ? LL_HTTP_REFUSED : LL_HTTP_NO_CONNECT;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_USE_SSL_FAILED:
        return LL_HTTP_TLS;
    default:
        return LL_HTTP_BROKEN;
    }
}

static bool is_cancelled(const ll_transfer *transfer)
{
    return transfer->cancel != NULL && atomic_load(transfer->cancel) != 0;
}

/* libcurl's answer, if it has come to one. */
static bool finished(const ll_curl *curl, CURLM *multi, CURLcode *out_code)
{
    int left;
    CURLMsg *message = curl->multi_info_read(multi, &left);

    if (message == NULL || message->msg != CURLMSG_DONE)
        return false;
    *out_code = message->data.result;
    return true;
}

static ll_http_failure run(const ll_curl *curl, CURLM *multi, const ll_transfer *transfer,
                           CURLcode *out_code)
{
    int running;

    for (;;) {
        if (is_cancelled(transfer))
            return LL_HTTP_CANCELLED;
        uint64_t left_ms = ll_deadline_left_ms(transfer->deadline);
        if (left_ms == 0)
            return LL_HTTP_TIMED_OUT;
        if (perform(curl, multi, &running) != CURLM_OK)
            return LL_HTTP_NO_MEMORY; /* all else it could say would be our own bug */
        if (finished(curl, multi, out_code))
            return classify(transfer, *out_code);
        int wait_ms = left_ms < LL_CANCEL_MS ? (int)left_ms : LL_CANCEL_MS;
        if (curl->multi_poll(multi, NULL, 0, wait_ms, NULL) != CURLM_OK)
            return LL_HTTP_NO_MEMORY;
    }
}

ll_http_failure ll_transfer_run(const ll_curl *curl, CURL *easy, ll_transfer *transfer,
                                CURLcode *out_code)
{
    ll_http_failure failure = LL_HTTP_NO_MEMORY;
    CURLM *multi;
    quiet q;

    assert(curl != NULL && easy != NULL && transfer != NULL && out_code != NULL);
    *out_code = CURLE_OK;
    quiet_begin(&q);
    multi = curl->multi_init();
    if (multi != NULL && curl->multi_add_handle(multi, easy) == CURLM_OK) {
        failure = run(curl, multi, transfer, out_code);
        curl->multi_remove_handle(multi, easy);
    }
    if (multi != NULL)
        curl->multi_cleanup(multi);
    quiet_end(&q);
    return failure;
}

void ll_transfer_clean_up(const ll_curl *curl, CURL *easy)
{
    quiet q;

    if (easy == NULL)
        return;
    quiet_begin(&q);
    curl->easy_cleanup(easy);
    quiet_end(&q);
}

void ll_transfer_free_list(const ll_curl *curl, struct curl_slist *list)
{
    for (struct curl_slist *line = list; line != NULL; line = line->next)
        explicit_bzero(line->data, strlen(line->data));
    curl->slist_free_all(list);
}

llmlearn_err ll_transfer_fail(const ll_curl *curl, ll_http_failure failure, CURLcode code,
                              const char *whom)
{
    switch (failure) {
    case LL_HTTP_DONE:
        break;
    case LL_HTTP_REFUSED:
        return ll_fail(LLMLEARN_EINVAL, "%s: its address is one that may not be called", whom);
    case LL_HTTP_NO_CONNECT:
        return ll_fail(LLMLEARN_EIO, "%s: could not connect (curl %d: %s)", whom, (int)code,
                       curl->easy_strerror(code));
    case LL_HTTP_TLS:
        return ll_fail(LLMLEARN_EIO,
                       "%s: not trusted; look at its certificate and at the CA file "
                       "(curl %d: %s)",
                       whom, (int)code, curl->easy_strerror(code));
    case LL_HTTP_BROKEN:
        return ll_fail(LLMLEARN_EIO, "%s: the transfer broke off (curl %d: %s)", whom, (int)code,
                       curl->easy_strerror(code));
    case LL_HTTP_TOO_LARGE:
        return ll_fail(LLMLEARN_EIO, "%s: answers more than we take", whom);
    case LL_HTTP_TIMED_OUT:
        return ll_fail(LLMLEARN_ETIMEDOUT, "%s: no answer before the deadline", whom);
    case LL_HTTP_CANCELLED:
        return ll_fail(LLMLEARN_ECANCELLED, "%s: cancelled while waiting for its answer", whom);
    case LL_HTTP_NO_MEMORY:
        return ll_fail(LLMLEARN_ENOMEM, "%s: out of memory in libcurl", whom);
    case LL_HTTP_NO_LIBRARY:
        return ll_fail(LLMLEARN_EUNSUPPORTED, "libcurl is missing or lacks what we need");
    }
    return LLMLEARN_OK;
}
