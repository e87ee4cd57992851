/* Versioned little-endian files of named arrays, for models: magic, schema version, entries
 * (name, type, shape, data), SHA-256 at the end; written to a temporary file, fsynced and renamed.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_BASE_MFILE_H
#define PSM_BASE_MFILE_H

#include "base/digest.h"
#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

struct mfile;

/* An empty file to be filled; schema is the caller's version of the content. */
struct mfile *mfile_new(uint32_t schema);
void mfile_free(struct mfile *m);

/* Adds a named array (copied). A name may be used once. shape[dims], dims 1..4. */
void mfile_put_f64(struct mfile *m, const char *name, const double *v, const size_t shape[], int dims);
void mfile_put_f32(struct mfile *m, const char *name, const float *v, const size_t shape[], int dims);
void mfile_put_i64(struct mfile *m, const char *name, const int64_t *v, const size_t shape[], int dims);
void mfile_put_text(struct mfile *m, const char *name, const char *text);

/* Writes atomically; hex (may be NULL) receives the checksum. Error: ERR_IO. */
int mfile_write(struct mfile *m, const char *path, char hex[DIGEST_HEX_LEN], struct err *err) MUSTCHECK;

/* Reads and verifies a file. Errors: ERR_IO; ERR_DATA when damaged or of another schema. */
int mfile_read(struct mfile **out, const char *path, uint32_t schema, char hex[DIGEST_HEX_LEN],
               struct err *err) MUSTCHECK;

/* The array of a name, its element count in *n; borrowed from the file. Error: ERR_DATA when absent or
 * of another type, or when want != 0 and the count differs. */
int mfile_get_f64(const struct mfile *m, const char *name, const double **v, size_t *n, size_t want,
                  struct err *err) MUSTCHECK;
int mfile_get_f32(const struct mfile *m, const char *name, const float **v, size_t *n, size_t want,
                  struct err *err) MUSTCHECK;
int mfile_get_i64(const struct mfile *m, const char *name, const int64_t **v, size_t *n, size_t want,
                  struct err *err) MUSTCHECK;
const char *mfile_get_text(const struct mfile *m, const char *name); /* NULL: absent */

#endif
