/* Proxies of the environment; see proxy.h. The rules of no_proxy are curl's: names separated by commas or
 * blanks, each also meant for what ends in it behind a dot, networks as 10.0.0.0/8, * for all.
 * SPDX-License-Identifier: MIT */
#include "base/net/proxy.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define HOST_LEN 256
#define SEPARATORS ", \t"

/* The first of the names that is set and not empty; its name in *which. */
static const char *setting(const char *const names[], const char **which)
{
    for (; *names; names++) {
        const char *value = getenv(*names);
        *which = *names;
        if (value && *value)
            return value;
    }
    return NULL;
}

/* An address in network order; the number of its bits, 0: the text is none. */
static unsigned address(uint8_t out[16], const char *text)
{
    if (inet_pton(AF_INET, text, out) == 1)
        return 32;
    return inet_pton(AF_INET6, text, out) == 1 ? 128 : 0;
}

static bool same_network(const uint8_t a[16], const uint8_t b[16], unsigned bits)
{
    unsigned whole = bits / 8, rest = bits % 8;
    return memcmp(a, b, whole) == 0 && (rest == 0 || (a[whole] ^ b[whole]) >> (8 - rest) == 0);
}

/* Whether a host that is an address lies in "10.0.0.0/8", or is that address. */
static bool in_network(const char *host, const char *network)
{
    char text[HOST_LEN];
    uint8_t a[16], b[16];
    const char *slash = strchr(network, '/');
    size_t n = slash ? (size_t)(slash - network) : strlen(network);
    if (n >= sizeof text)
        return false;
    memcpy(text, network, n);
    text[n] = '\0';
    unsigned of = address(a, host), bits = address(b, text);
    if (of == 0 || of != bits)
        return false;
    char *end = NULL;
    unsigned long told = slash ? strtoul(slash + 1, &end, 10) : bits;
    return (!slash || (end != slash + 1 && *end == '\0')) && told <= bits &&
           same_network(a, b, (unsigned)told);
}

/* Whether the host is that one, or one of its domain. */
static bool in_domain(const char *host, const char *name)
{
    size_t n = strlen(name), of = strlen(host);
    return n > 0 && of >= n && strcasecmp(host + of - n, name) == 0 && (of == n || host[of - n - 1] == '.');
}

/* Whether one entry of no_proxy, of n bytes, names the host. */
static bool names(const char *entry, size_t n, const char *host)
{
    char text[HOST_LEN];
    while (n > 0 && (*entry == '.' || *entry == '[')) { /* .example.org is example.org */
        entry++;
        n--;
    }
    while (n > 0 && (entry[n - 1] == '.' || entry[n - 1] == ']'))
        n--;
    if (n == 0 || n >= sizeof text)
        return false;
    memcpy(text, entry, n);
    text[n] = '\0';
    return strcmp(text, "*") == 0 || in_domain(host, text) || in_network(host, text);
}

static bool listed(const char *list, const char *host)
{
    for (const char *p = list + strspn(list, SEPARATORS); *p; p += strspn(p, SEPARATORS)) {
        size_t n = strcspn(p, SEPARATORS);
        if (names(p, n, host))
            return true;
        p += n;
    }
    return false;
}

const char *proxy_for(const char *scheme, const char *host, const char **variable)
{
    static const char *const none[] = {"no_proxy", "NO_PROXY", NULL};
    static const char *const plain[] = {"http_proxy", "all_proxy", "ALL_PROXY", NULL};
    static const char *const secure[] = {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", NULL};
    char bare[HOST_LEN];
    const char *which;
    snprintf(bare, sizeof bare, "%s", *host == '[' ? host + 1 : host);
    bare[strcspn(bare, "]")] = '\0';
    size_t n = strlen(bare);
    if (n > 1 && bare[n - 1] == '.') /* the whole name */
        bare[n - 1] = '\0';
    const char *except = setting(none, &which);
    if (listed("localhost,127.0.0.0/8,::1", bare) || (except && listed(except, bare)))
        return NULL;
    return setting(strcasecmp(scheme, "https") == 0 ? secure : plain, variable);
}

char *proxy_name(char out[PROXY_NAME_LEN], const char *proxy)
{
    const char *scheme = strstr(proxy, "://"), *from = scheme ? scheme + 3 : proxy;
    size_t n = strcspn(from, "/");
    for (size_t i = n; i > 0; i--) /* the password may hold an @ */
        if (from[i - 1] == '@') {
            from += i;
            n -= i;
            break;
        }
    snprintf(out, PROXY_NAME_LEN, "%.*s", (int)(n < PROXY_NAME_LEN ? n : PROXY_NAME_LEN - 1), from);
    return out;
}
