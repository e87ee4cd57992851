/* An EPICS Archiver Appliance as a source: live polls by getDataAtTime, ranges by getData.raw,
 * connections by the management's getPVStatus.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_ARCHIVE_APPLIANCE_APPLIANCE_H
#define PSM_ARCHIVE_APPLIANCE_APPLIANCE_H

#include "archive/source.h"

/* Options as for source_open. Nothing is asked before the first operation, so that an appliance
 * that is away is no error here. Error: ERR_CONFIG (a URL that is not http or https). */
int appliance_open(struct source **out, uv_loop_t *loop, const struct fleet *f,
                   const struct source_options *o, struct err *err) MUSTCHECK;

#endif
