/* The web page and its neighbours on one port: / (dashboards/), /report*, /api/…, /metrics, /health, /livez,
 * /readyz. Read-only: every method but GET and HEAD is answered 405. Runs on the loop, never blocks.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_MONITOR_PAGE_H
#define PSM_MONITOR_PAGE_H

#include "base/err.h"
#include "monitor/page/snapshot.h"

#include <uv.h>

struct page;

/* Listens on "ADDR:PORT" (port 0: any). hosts: names, parted by commas or blanks, under which it may be asked
 * for beside addresses, localhost and this machine's own name (NULL: no more); a site that makes a browser
 * take its name for our address is not served. listen and hosts are borrowed. get(arg) gives the picture for
 * one request (its `now` up to date); borrowed during the request; never NULL. Error: ERR_NET. */
int page_open(struct page **out, uv_loop_t *loop, const char *listen, const char *hosts,
              const struct snapshot *(*get)(void *arg), void *arg, struct err *err) MUSTCHECK;

/* Stops listening; finish the loop afterwards. */
void page_close(struct page *p);

/* Asks itself, as somebody from outside would, whether it answers: done is called once within seconds, unless
 * the page is closed before. False: one is under way. */
bool page_test(struct page *p, void (*done)(void *arg, bool well), void *arg);
/* Stops listening and starts again. Error: ERR_NET; it then does not listen, and may be tried again. */
int page_reopen(struct page *p, struct err *err) MUSTCHECK;

/* The port in use. */
int page_port(const struct page *p);

#endif
