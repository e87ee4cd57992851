/* Tells systemd how we are: one datagram to $NOTIFY_SOCKET (sd_notify(3)); silent without it.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_MONITOR_LIVE_NOTIFY_H
#define PSM_MONITOR_LIVE_NOTIFY_H

#include <stdint.h>

/* state: "READY=1", "STATUS=…", "WATCHDOG=1", "STOPPING=1", lines joined by \n. */
void notify_systemd(const char *state);

/* How often to send WATCHDOG=1, ms: three times in $WATCHDOG_USEC (sd_watchdog_enabled(3)), whatever a
 * drop-in has made of it; 0: nobody waits for it, or for that of another process. */
uint64_t notify_watchdog_ms(void);

#endif
