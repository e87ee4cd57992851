/* Tells systemd how we are: one datagram to $NOTIFY_SOCKET (sd_notify(3)); silent without it.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_MONITOR_LIVE_NOTIFY_H
#define PSM_MONITOR_LIVE_NOTIFY_H

/* state: "READY=1", "STATUS=…", "WATCHDOG=1", "STOPPING=1", lines joined by \n. */
void notify_systemd(const char *state);

#endif
