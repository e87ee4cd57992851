/* Which proxy a request goes through, as the environment says: http_proxy for http (in small letters only, as
 * curl and others have it: a web server can be made to set HTTP_PROXY), https_proxy or HTTPS_PROXY for https,
 * else all_proxy or ALL_PROXY. Not asked for hosts that no_proxy or NO_PROXY names, nor ever for this machine
 * (localhost, 127.0.0.0/8, ::1). One place decides, so that whoever fails can name the proxy.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_BASE_NET_PROXY_H
#define PSM_BASE_NET_PROXY_H

/* The proxy for a URL of that scheme and host (an IPv6 address with or without its brackets), borrowed from
 * the environment, and in *variable the name of the variable that says it; NULL: none. */
const char *proxy_for(const char *scheme, const char *host, const char **variable);

/* A proxy's name for people in out[PROXY_NAME_LEN]: "proxy.example:3128", without user and password. */
#define PROXY_NAME_LEN 128
char *proxy_name(char out[PROXY_NAME_LEN], const char *proxy);

#endif
