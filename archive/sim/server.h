/* The simulated ring behind the Archiver Appliance's HTTP interface (2.0.8), with its shapes and quirks.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_ARCHIVE_SIM_SERVER_H
#define PSM_ARCHIVE_SIM_SERVER_H

#include "archive/sim/ring.h"
#include "base/err.h"
#include "base/time/clock.h"

#include <uv.h>

struct sim_server;

/* Serves the ring on "ADDR:PORT" under /retrieval and /mgmt; the clock says what is now. Borrows the ring.
 * Error: ERR_NET, ERR_LIB. */
int sim_server_open(struct sim_server **out, uv_loop_t *loop, struct sim *s, const struct clock *clock,
                    const char *listen, struct err *err) MUSTCHECK;
void sim_server_close(struct sim_server *s); /* finish the loop afterwards */
int sim_server_port(const struct sim_server *s);

/* Requests answered so far. */
unsigned long sim_server_requests(const struct sim_server *s);

#endif
