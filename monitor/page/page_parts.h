/* The parts of the page, one per file, behind page.c's routes.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_MONITOR_PAGE_PARTS_H
#define PSM_MONITOR_PAGE_PARTS_H

#include "base/buf.h"
#include "monitor/page/snapshot.h"

/* ---- page_files.c: dashboards/, embedded ---- */
struct page_file {
    const char *path, *content_type; /* "/style.css" */
    const void *data;
    size_t len;
};
/* False: no such file. "/" is index.html. */
bool page_file(const char *path, struct page_file *out);

/* ---- page_api.c: JSON answers appended to out; the HTTP status is returned ---- */
struct api_request {
    const char *since; /* /api/ring: the version the caller has, or NULL */
    const char *name;  /* /api/supply */
    size_t limit;      /* /api/ranking; 0: all */
};
int api_index(struct buf *out);
int api_ring(struct buf *out, const struct snapshot *s, const struct api_request *r);
int api_supply(struct buf *out, const struct snapshot *s, const struct api_request *r);
int api_alarms(struct buf *out, const struct snapshot *s);
int api_findings(struct buf *out, const struct snapshot *s);
int api_ranking(struct buf *out, const struct snapshot *s, const struct api_request *r);
int api_audit(struct buf *out, const struct snapshot *s);
int api_error(struct buf *out, int status, const char *text);

/* ---- page_health.c ---- */
enum health { HEALTH_OK, HEALTH_DEGRADED, HEALTH_FAILING };
struct health_check {
    const char *name;
    enum health state;
    char text[400]; /* "" when ok */
};
#define HEALTH_CHECKS 7
/* Fills checks[HEALTH_CHECKS], returns the worst. Degraded: works with less, or a short outage. Failing: what
 * it says can no longer be trusted to be complete. */
enum health health_check(const struct snapshot *s, struct health_check checks[HEALTH_CHECKS]);
/* JSON of the checks; 200 unless failing, then 503. */
int health_answer(struct buf *out, const struct snapshot *s);

/* ---- metrics.c: Prometheus text format 0.0.4 ---- */
void metrics_write(struct buf *out, const struct snapshot *s, tstamp_ns started);
/* Wall-clock time at which this process started. */
tstamp_ns metrics_process_start(void);

#endif
