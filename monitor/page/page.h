/* The web page and its neighbours on one port: / (dashboards/), /report*, /api/…, /metrics, /health, /livez,
 * /readyz. Read-only: every method but GET and HEAD is answered 405. Runs on the loop, never blocks.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_MONITOR_PAGE_H
#define PSM_MONITOR_PAGE_H

#include "base/err.h"
#include "monitor/page/snapshot.h"

#include <uv.h>

struct page;

/* Listens on "ADDR:PORT" (port 0: any). get(arg) gives the picture for one request (its `now` up to date);
 * borrowed during the request; never NULL. Error: ERR_NET. */
int page_open(struct page **out, uv_loop_t *loop, const char *listen,
              const struct snapshot *(*get)(void *arg), void *arg, struct err *err) MUSTCHECK;

/* Stops listening; finish the loop afterwards. */
void page_close(struct page *p);

/* The port in use. */
int page_port(const struct page *p);

#endif
