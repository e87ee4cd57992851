/* What the standard library leaves out about files: writing all of it, folders with their parents, and making
 * a rename last. SPDX-License-Identifier: MIT */
#ifndef PSM_BASE_FILE_H
#define PSM_BASE_FILE_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Writes all n bytes, at offset, or where the file stands when offset is negative. -1 and errno on failure:
 * some may have been written. */
int file_write(int fd, const void *data, size_t n, int64_t offset) MUSTCHECK;

/* Makes a folder and its parents, as mkdir -p; what exists is left as it is. Error: ERR_IO. */
int file_make_folder(const char *path, mode_t mode, struct err *err) MUSTCHECK;

/* Bytes that are left for us on the file system of path; INT64_MAX when it does not say. */
int64_t file_space(const char *path);

/* A file made or renamed in a folder is there after a power failure once the folder is synced. A failure is
 * not told: what was there before is whole. */
void file_sync_folder(const char *folder);

#endif
