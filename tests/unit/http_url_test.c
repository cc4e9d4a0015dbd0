/* Which URLs and which addresses may be called. */
#include "http/url.h"
#include "support/canary.h"
#include "support/expect.h"

#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/un.h>

#define ROWS(table) (sizeof(table) / sizeof(table)[0])

static const struct {
    const char *url;
    const char *host;
    unsigned port;
    bool loopback;
} allowed[] = {
    { "https://api.example.com", "api.example.com", 443, false },
    { "https://api.example.com/", "api.example.com", 443, false },
    { "https://api.example.com/v1/chat/completions", "api.example.com", 443, false },
    { "https://api.example.com:8443/v1", "api.example.com", 8443, false },
    { "https://api.example.com/v1?api-version=2024-10-21", "api.example.com", 443, false },
    { "https://api.example.com?a=b", "api.example.com", 443, false },
    { "https://API.Example.com/", "API.Example.com", 443, false },
    { "HTTPS://api.example.com/", "api.example.com", 443, false },
    { "https://xn--bcher-kva.example/%C3%A4%20b", "xn--bcher-kva.example", 443, false },
    { "https://a_b.example.com/", "a_b.example.com", 443, false },
    { "https://gateway/v1", "gateway", 443, false }, /* a name of one's own network */
    { "https://1and1.example/", "1and1.example", 443, false },
    { "https://8.8.8.8/", "8.8.8.8", 443, false },
    { "https://10.0.0.1/", "10.0.0.1", 443, false }, /* its address is judged later */
    { "https://[2001:db8::1]:8443/", "[2001:db8::1]", 8443, false },
    { "https://127.0.0.1:8443/", "127.0.0.1", 8443, true },
    { "https://localhost:65535/", "localhost", 65535, true },
    { "http://127.0.0.1:8080/v1", "127.0.0.1", 8080, true },
    { "http://127.255.255.254/", "127.255.255.254", 80, true },
    { "http://[::1]:8080/v1", "[::1]", 8080, true },
    { "http://localhost/", "localhost", 80, true },
    { "http://LOCALHOST:1/", "LOCALHOST", 1, true },
};

/* Each with the words that say why. */
static const struct {
    const char *url;
    const char *why;
} refused[] = {
    { "", "cannot be parsed" },
    { "https://", "cannot be parsed" },
    { "https:///", "" },
    { "//api.example.com/", "cannot be parsed" },
    { "api.example.com", "cannot be parsed" },
    { "api.example.com:443", "" },
    { "/v1", "cannot be parsed" },
    /* schemes */
    { "http://api.example.com/", "scheme must be https" },
    { "http://8.8.8.8/", "scheme must be https" },
    { "http://10.0.0.1/", "scheme must be https" },
    { "http://169.254.169.254/latest/meta-data", "scheme must be https" },
    { "http://[fe80::1]/", "scheme must be https" },
    { "http://0.0.0.0/", "scheme must be https" },
    { "http://[::]/", "scheme must be https" },
    { "http://localhost.example.com/", "scheme must be https" },
    { "http://127.0.0.1.example.com/", "scheme must be https" },
    { "http://128.0.0.1/", "scheme must be https" },
    { "file:///etc/passwd", "scheme must be https" },
    { "ftp://api.example.com/", "scheme must be https" },
    { "gopher://127.0.0.1:6379/_INFO", "scheme must be https" },
    { "dict://127.0.0.1:6379/INFO", "scheme must be https" },
    { "ldap://127.0.0.1/", "scheme must be https" },
    { "smtp://127.0.0.1/", "scheme must be https" },
    { "ws://127.0.0.1/", "" },
    { "javascript:alert(1)", "" },
    { "https+unix://x/", "" },
    { "httpss://api.example.com/", "" },
    /* one address in other words */
    { "http://2130706433/", "more than one way" },
    { "http://017700000001/", "more than one way" },
    { "http://0x7f000001/", "more than one way" },
    { "http://0x7f.0.0.1/", "more than one way" },
    { "http://0177.0.0.1/", "more than one way" },
    { "http://127.1/", "more than one way" },
    { "http://127.0.1/", "more than one way" },
    { "https://127.000.000.001/", "more than one way" },
    { "https://0xa9fea9fe/", "more than one way" },
    { "https://2852039166/", "more than one way" },
    { "https://0251.0376.0251.0376/", "more than one way" },
    { "https://1.2.3.4.5/", "not an address of four" },
    { "https://256.256.256.256/", "not an address of four" },
    { "https://99999999999/", "not an address of four" },
    { "https://a.0x7f/", "not an address of four" },
    { "https://127.0.0.1./", "" },
    { "https://[::ffff:127.0.0.1/", "cannot be parsed" },
    { "http://[::ffff:127.0.0.1]/", "" },
    { "http://[::ffff:7f00:1]/", "" },
    { "http://[0:0:0:0:0:0:0:1]/", "" },
    { "http://[::0001]/", "" },
    { "http://[::127.0.0.1]/", "" },
    { "https://[fe80::1%25eth0]/", "" },
    { "https://[fe80::1%eth0]/", "encodes nothing" },
    { "https://[v1.x]/", "cannot be parsed" },
    { "https://::1/", "" },
    { "http://%6c%6fcalhost/", "" },
    { "http://127.0.0.1%2f@api.example.com/", "" },
    { "http://loc\xc4\xb1lhost/", "percent-encoded" },
    { "http://\xe2\x91\xa0\xe2\x91\xa1\xe2\x91\xa6.0.0.1/", "percent-encoded" },
    /* whose name is it? */
    { "https://user@api.example.com/", "user name" },
    { "https://user:" CANARY_PASSWORD "@api.example.com/", "user name" },
    { "https://:" CANARY_PASSWORD "@api.example.com/", "" },
    { "https://@api.example.com/", "" },
    { "http://127.0.0.1@evil.example/", "user name" },
    { "http://127.0.0.1:80@evil.example/", "user name" },
    { "http://127.0.0.1:80\\@evil.example/", "percent-encoded" },
    { "http://127.0.0.1\\evil.example/", "percent-encoded" },
    { "https://api.example.com#@evil.example/", "fragment" },
    { "https://api.example.com/#x", "fragment" },
    { "https:/api.example.com/", "" },
    { "https:///api.example.com/", "" },
    { "https:////api.example.com/", "" },
    { "https:\\\\api.example.com/", "percent-encoded" },
    { "https://api.example.com./", "empty part" },
    { "https://.api.example.com/", "empty part" },
    { "https://api..example.com/", "empty part" },
    { "https://./", "" },
    { "https://a;b/", "" },
    { "https://a,b/", "" },
    { "https://a*b/", "" },
    { "http://localhost:80,evil.example/", "" },
    { "http://localhost./", "" },
    /* ports */
    { "https://api.example.com:0/", "port must be" },
    { "https://api.example.com:65536/", "" },
    { "https://api.example.com:99999999999/", "" },
    { "https://api.example.com:/", "" },
    { "https://api.example.com:+443/", "" },
    { "https://api.example.com:-1/", "" },
    { "https://api.example.com:0443/", "more than one way" },
    { "https://api.example.com:443:443/", "" },
    { "https://api.example.com:4e2/", "" },
    /* characters */
    { " https://api.example.com/", "space" },
    { "https://api.example.com/ ", "space" },
    { "https://api.example.com/a b", "space" },
    { "https://api.example.com/\r\nX-Key: 1", "space" },
    { "https://api.example.com/\n", "space" },
    { "https://api.example.com/\t", "space" },
    { "https://api.exa\x7fmple.com/", "percent-encoded" },
    { "https://api.example.com/%00", "encodes nothing" },
    { "https://api.example.com%00.evil.example/", "encodes nothing" },
    { "https://api.example.com/%0d%0aX-Key:%201", "encodes nothing" },
    { "https://api.example.com/%", "encodes nothing" },
    { "https://api.example.com/%2", "encodes nothing" },
    { "https://api.example.com/%zz", "encodes nothing" },
    { "https://api.example.com/%7F", "encodes nothing" },
    { "https://api.example.com/{x}", "percent-encoded" },
    { "https://api.example.com/<script>", "percent-encoded" },
};

START_TEST(good_urls_are_understood)
{
    const ll_curl *curl;

    expect_ok(ll_curl_load(&curl));
    for (size_t i = 0; i < ROWS(allowed); i++) {
        ll_url url;

        ck_assert_msg(ll_url_check(curl, allowed[i].url, &url) == LLMLEARN_OK, "%s: %s",
                      allowed[i].url, llmlearn_error_detail());
        ck_assert_str_eq(url.host, allowed[i].host);
        ck_assert_msg(url.port == allowed[i].port, "%s: %u", allowed[i].url, url.port);
        ck_assert_msg(url.loopback == allowed[i].loopback, "%s", allowed[i].url);
        ck_assert_int_eq(url.https, strncasecmp(allowed[i].url, "https", 5) == 0);
    }
}
END_TEST

START_TEST(all_others_are_refused)
{
    const ll_curl *curl;

    expect_ok(ll_curl_load(&curl));
    for (size_t i = 0; i < ROWS(refused); i++) {
        ll_url url = { .port = 7 };

        ck_assert_msg(ll_url_check(curl, refused[i].url, &url) == LLMLEARN_EINVAL, "%s: %s:%u",
                      refused[i].url, url.host, url.port);
        ck_assert_msg(strstr(llmlearn_error_detail(), refused[i].why) != NULL, "%s: %s",
                      refused[i].url, llmlearn_error_detail());
        ck_assert_int_eq(url.port, 7); /* untouched */
        ck_assert(!canary_is_in_text(llmlearn_error_detail()));
    }
    printf("%zu URL forms: %zu allowed, %zu refused\n", ROWS(allowed) + ROWS(refused),
           ROWS(allowed), ROWS(refused));
}
END_TEST

START_TEST(long_ones_too)
{
    char url[LL_URL_BYTES_MAX + 2] = "https://";
    const ll_curl *curl;
    ll_url out;

    expect_ok(ll_curl_load(&curl));
    memset(url + 8, 'a', sizeof url - 9);
    expect_err(ll_url_check(curl, url, &out), LLMLEARN_EINVAL, "longer");
    url[LL_URL_BYTES_MAX] = '\0'; /* short enough, but all of it a host */
    expect_err(ll_url_check(curl, url, &out), LLMLEARN_EINVAL, "too long");
    url[12] = '/';
    expect_ok(ll_url_check(curl, url, &out));
    ck_assert_str_eq(out.host, "aaaa");
}
END_TEST

/* ---- addresses -------------------------------------------------------------- */

static const struct {
    const char *address;
    ll_address_class class;
} addresses[] = {
    { "0.0.0.0", LL_ADDRESS_NEVER },
    { "0.1.2.3", LL_ADDRESS_NEVER },
    { "1.1.1.1", LL_ADDRESS_PUBLIC },
    { "9.255.255.255", LL_ADDRESS_PUBLIC },
    { "10.0.0.0", LL_ADDRESS_PRIVATE },
    { "10.255.255.255", LL_ADDRESS_PRIVATE },
    { "11.0.0.0", LL_ADDRESS_PUBLIC },
    { "100.63.255.255", LL_ADDRESS_PUBLIC },
    { "100.64.0.0", LL_ADDRESS_PRIVATE },
    { "100.100.100.200", LL_ADDRESS_NEVER },
    { "100.100.100.201", LL_ADDRESS_PRIVATE },
    { "100.127.255.255", LL_ADDRESS_PRIVATE },
    { "100.128.0.0", LL_ADDRESS_PUBLIC },
    { "126.255.255.255", LL_ADDRESS_PUBLIC },
    { "127.0.0.1", LL_ADDRESS_LOOPBACK },
    { "127.255.255.255", LL_ADDRESS_LOOPBACK },
    { "128.0.0.0", LL_ADDRESS_PUBLIC },
    { "168.63.129.16", LL_ADDRESS_NEVER },
    { "169.253.255.255", LL_ADDRESS_PUBLIC },
    { "169.254.0.0", LL_ADDRESS_NEVER },
    { "169.254.169.254", LL_ADDRESS_NEVER },
    { "169.255.0.0", LL_ADDRESS_PUBLIC },
    { "172.15.255.255", LL_ADDRESS_PUBLIC },
    { "172.16.0.0", LL_ADDRESS_PRIVATE },
    { "172.31.255.255", LL_ADDRESS_PRIVATE },
    { "172.32.0.0", LL_ADDRESS_PUBLIC },
    { "192.0.0.192", LL_ADDRESS_NEVER },
    { "192.167.255.255", LL_ADDRESS_PUBLIC },
    { "192.168.0.0", LL_ADDRESS_PRIVATE },
    { "192.168.255.255", LL_ADDRESS_PRIVATE },
    { "192.169.0.0", LL_ADDRESS_PUBLIC },
    { "198.18.0.0", LL_ADDRESS_PRIVATE },
    { "198.20.0.0", LL_ADDRESS_PUBLIC },
    { "223.255.255.255", LL_ADDRESS_PUBLIC },
    { "224.0.0.1", LL_ADDRESS_NEVER },
    { "239.255.255.255", LL_ADDRESS_NEVER },
    { "240.0.0.1", LL_ADDRESS_NEVER },
    { "255.255.255.255", LL_ADDRESS_NEVER },
    { "::", LL_ADDRESS_NEVER },
    { "::1", LL_ADDRESS_LOOPBACK },
    { "::2", LL_ADDRESS_NEVER },
    { "::127.0.0.1", LL_ADDRESS_NEVER },
    { "::ffff:127.0.0.1", LL_ADDRESS_LOOPBACK },
    { "::ffff:10.0.0.1", LL_ADDRESS_PRIVATE },
    { "::ffff:169.254.169.254", LL_ADDRESS_NEVER },
    { "::ffff:0.0.0.0", LL_ADDRESS_NEVER },
    { "::ffff:8.8.8.8", LL_ADDRESS_PUBLIC },
    { "64:ff9b::7f00:1", LL_ADDRESS_LOOPBACK },
    { "64:ff9b::a9fe:a9fe", LL_ADDRESS_NEVER },
    { "64:ff9b::808:808", LL_ADDRESS_PUBLIC },
    { "64:ff9b:1::1", LL_ADDRESS_PRIVATE },
    { "2002:a9fe:a9fe::1", LL_ADDRESS_NEVER },
    { "2002:7f00:1::1", LL_ADDRESS_LOOPBACK },
    { "2002:c0a8:1::1", LL_ADDRESS_PRIVATE },
    { "2001::1", LL_ADDRESS_NEVER },
    { "2001:4860:4860::8888", LL_ADDRESS_PUBLIC },
    { "2606:4700::1111", LL_ADDRESS_PUBLIC },
    { "fc00::1", LL_ADDRESS_PRIVATE },
    { "fd12:3456::1", LL_ADDRESS_PRIVATE },
    { "fd00:ec2::254", LL_ADDRESS_NEVER },
    { "fd20:ce::254", LL_ADDRESS_NEVER },
    { "fe80::1", LL_ADDRESS_NEVER },
    { "febf::1", LL_ADDRESS_NEVER },
    { "fec0::1", LL_ADDRESS_PRIVATE },
    { "ff02::1", LL_ADDRESS_NEVER },
    { "4000::1", LL_ADDRESS_NEVER },
};

static ll_address_class classify(const char *text)
{
    struct sockaddr_in v4 = { .sin_family = AF_INET };
    struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };

    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
        return ll_address_classify((struct sockaddr *)&v4, sizeof v4);
    ck_assert_int_eq(inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
    return ll_address_classify((struct sockaddr *)&v6, sizeof v6);
}

START_TEST(addresses_are_classified)
{
    for (size_t i = 0; i < ROWS(addresses); i++)
        ck_assert_msg(classify(addresses[i].address) == addresses[i].class, "%s: %d",
                      addresses[i].address, (int)classify(addresses[i].address));
}
END_TEST

START_TEST(what_is_no_address_is_refused)
{
    struct sockaddr_un path = { .sun_family = AF_UNIX };
    struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(0x08080808) };

    ck_assert_int_eq(ll_address_classify((struct sockaddr *)&path, sizeof path), LL_ADDRESS_NEVER);
    ck_assert_int_eq(ll_address_classify((struct sockaddr *)&v4, 4), LL_ADDRESS_NEVER);
    ck_assert_int_eq(ll_address_classify((struct sockaddr *)&v4, sizeof v4), LL_ADDRESS_PUBLIC);
}
END_TEST

static bool may(const ll_address_rule *rule, uint32_t v4)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(v4) };

    return ll_address_allowed(rule, (struct sockaddr *)&at, sizeof at);
}

START_TEST(a_url_says_where_it_may_lead)
{
    ll_url here = { .https = true, .loopback = true }, there = { .https = true };
    ll_address_rule rule = ll_url_addresses(&here, true);

    ck_assert(may(&rule, 0x7f000001) && !may(&rule, 0x0a000001) && !may(&rule, 0x08080808));
    rule = ll_url_addresses(&there, false);
    ck_assert(!may(&rule, 0x7f000001) && !may(&rule, 0x0a000001) && may(&rule, 0x08080808));
    rule = ll_url_addresses(&there, true);
    ck_assert(may(&rule, 0x7f000001) && may(&rule, 0x0a000001) && may(&rule, 0x08080808));
    ck_assert(!may(&rule, 0xa9fea9fe) && !may(&rule, 0));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("http_url");
    TCase *tests = tcase_create("http_url");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_test(tests, good_urls_are_understood);
    tcase_add_test(tests, all_others_are_refused);
    tcase_add_test(tests, long_ones_too);
    tcase_add_test(tests, addresses_are_classified);
    tcase_add_test(tests, what_is_no_address_is_refused);
    tcase_add_test(tests, a_url_says_where_it_may_lead);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
