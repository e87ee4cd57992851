/* Versioned files of named arrays; see mfile.h.
 * Layout: "PSMONMF1", u32 schema, u32 entries; per entry u32 name length, name, u32 type, u32 dims,
 * u64 shape[dims], padding to 8, data, padding to 8; SHA-256 of all before it.
 * SPDX-License-Identifier: MIT */
#include "base/mfile.h"
#include "base/file.h"

#include "base/buf.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "model files are little-endian");

enum type { TYPE_F64, TYPE_F32, TYPE_I64, TYPE_TEXT, TYPE_COUNT };
static const size_t type_size[TYPE_COUNT] = {8, 4, 8, 1};
static const char *const type_name[TYPE_COUNT] = {"f64", "f32", "i64", "text"};
#define MAGIC "PSMONMF1"
#define MAX_DIMS 4

struct entry {
    char *name;
    enum type type;
    uint32_t dims;
    uint64_t shape[MAX_DIMS];
    size_t n;   /* elements */
    void *data; /* own copy, aligned */
};

struct mfile {
    uint32_t schema;
    struct entry *entry;
    size_t n, cap;
};

struct mfile *mfile_new(uint32_t schema)
{
    struct mfile *m = xcalloc(1, sizeof *m);
    m->schema = schema;
    return m;
}

void mfile_free(struct mfile *m)
{
    if (!m)
        return;
    for (size_t i = 0; i < m->n; i++) {
        free(m->entry[i].name);
        free(m->entry[i].data);
    }
    free(m->entry);
    free(m);
}

static void put(struct mfile *m, const char *name, enum type type, const void *data, const size_t shape[],
                int dims)
{
    struct entry e = {.name = xstrdup(name), .type = type, .dims = (uint32_t)dims, .n = 1};
    for (int i = 0; i < dims; i++) {
        e.shape[i] = shape[i];
        e.n *= shape[i];
    }
    e.data = xcalloc(e.n + 1, type_size[type]); /* one more: text then has its end mark */
    if (e.n)
        memcpy(e.data, data, e.n * type_size[type]);
    xgrow(&m->entry, &m->cap, m->n + 1, sizeof e);
    m->entry[m->n++] = e;
}

void mfile_put_f64(struct mfile *m, const char *name, const double *v, const size_t shape[], int dims)
{
    put(m, name, TYPE_F64, v, shape, dims);
}

void mfile_put_f32(struct mfile *m, const char *name, const float *v, const size_t shape[], int dims)
{
    put(m, name, TYPE_F32, v, shape, dims);
}

void mfile_put_i64(struct mfile *m, const char *name, const int64_t *v, const size_t shape[], int dims)
{
    put(m, name, TYPE_I64, v, shape, dims);
}

void mfile_put_text(struct mfile *m, const char *name, const char *text)
{
    size_t n = strlen(text);
    put(m, name, TYPE_TEXT, text, &n, 1);
}

/* Numbers stand at multiples of eight: aligned, wherever the whole file is read to. */
static void pad(struct buf *b)
{
    static const char zeros[8];
    buf_add(b, zeros, (8 - b->len % 8) % 8);
}

static void encode(const struct mfile *m, struct buf *b)
{
    uint32_t head[2] = {m->schema, (uint32_t)m->n};
    buf_add(b, MAGIC, 8);
    buf_add(b, head, sizeof head);
    for (size_t i = 0; i < m->n; i++) {
        const struct entry *e = &m->entry[i];
        uint32_t h[3] = {(uint32_t)strlen(e->name), e->type, e->dims};
        buf_add(b, h, sizeof h);
        buf_add(b, e->name, h[0]);
        buf_add(b, e->shape, e->dims * sizeof *e->shape);
        pad(b);
        buf_add(b, e->data, e->n * type_size[e->type]);
        pad(b);
    }
    uint8_t sum[DIGEST_LEN];
    digest_sha256(sum, b->data, b->len);
    buf_add(b, sum, sizeof sum);
}

/* A rename is durable once its folder is. */
static void sync_folder_of(const char *path)
{
    char *copy = xstrdup(path);
    file_sync_folder(dirname(copy));
    free(copy);
}

int mfile_write(struct mfile *m, const char *path, char hex[DIGEST_HEX_LEN], struct err *err)
{
    struct buf b = {0};
    encode(m, &b);
    char *tmp = xasprintf("%s.tmp.%ld", path, (long)getpid());
    int fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644), rc = 0;
    /* a reader sees the old file or the new one, whole, whenever we die */
    if (fd < 0 || file_write(fd, b.data, b.len, -1) != 0 || fsync(fd) != 0 || rename(tmp, path) != 0) {
        rc = err_set(err, ERR_IO, "could not write %s: %s", path, strerror(errno));
        unlink(tmp);
    } else {
        sync_folder_of(path);
        if (hex)
            digest_hex(hex, (const uint8_t *)b.data + b.len - DIGEST_LEN, DIGEST_LEN);
    }
    if (fd >= 0)
        close(fd);
    free(tmp);
    buf_free(&b);
    return rc;
}

/* Takes n bytes at *at; false when they are not there. */
static bool take(const struct buf *b, size_t *at, void *to, size_t n)
{
    if (n > b->len - *at)
        return false;
    if (n)
        memcpy(to, b->data + *at, n);
    *at += n;
    return true;
}

static bool skip_pad(const struct buf *b, size_t *at)
{
    *at += (8 - *at % 8) % 8;
    return *at <= b->len;
}

static bool decode_entry(struct mfile *m, const struct buf *b, size_t *at)
{
    struct entry e = {.n = 1};
    uint32_t h[3];
    if (!take(b, at, h, sizeof h) || h[0] > 4096 || h[1] >= TYPE_COUNT || h[2] > MAX_DIMS)
        return false;
    e.type = (enum type)h[1];
    e.dims = h[2];
    e.name = xcalloc(h[0] + 1, 1);
    bool ok = take(b, at, e.name, h[0]) && take(b, at, e.shape, e.dims * sizeof *e.shape);
    /* no more elements than the file has bytes: what is said to be large is not believed before room is made
     * for it */
    for (uint32_t i = 0; ok && i < e.dims; i++)
        ok = !__builtin_mul_overflow(e.n, e.shape[i], &e.n) && e.n <= b->len;
    ok = ok && skip_pad(b, at);
    if (ok) {
        e.data = xcalloc(e.n + 1, type_size[e.type]);
        ok = take(b, at, e.data, e.n * type_size[e.type]) && skip_pad(b, at);
    }
    xgrow(&m->entry, &m->cap, m->n + 1, sizeof e);
    m->entry[m->n++] = e; /* also a broken one: mfile_free has it then */
    return ok;
}

static int read_file(struct buf *b, const char *path, struct err *err)
{
    FILE *f = fopen(path, "rbe");
    if (!f)
        return err_set(err, ERR_IO, "could not open %s: %s", path, strerror(errno));
    char block[65536];
    size_t n;
    while ((n = fread(block, 1, sizeof block, f)) > 0)
        buf_add(b, block, n);
    int rc = ferror(f) ? err_set(err, ERR_IO, "could not read %s", path) : 0;
    fclose(f);
    return rc;
}

int mfile_read(struct mfile **out, const char *path, uint32_t schema, char hex[DIGEST_HEX_LEN],
               struct err *err)
{
    struct buf b = {0};
    struct mfile *m = NULL;
    int rc = read_file(&b, path, err);
    if (rc != 0)
        goto out;
    rc = ERR_DATA;
    uint32_t head[2];
    size_t at = 8;
    uint8_t sum[DIGEST_LEN];
    if (b.len < 8 + sizeof head + DIGEST_LEN || memcmp(b.data, MAGIC, 8) != 0) {
        err_set(err, rc, "%s is not a psmon model file", path);
        goto out;
    }
    digest_sha256(sum, b.data, b.len - DIGEST_LEN);
    if (memcmp(sum, b.data + b.len - DIGEST_LEN, DIGEST_LEN) != 0) {
        err_set(err, rc, "%s is damaged: its checksum does not match", path);
        goto out;
    }
    if (hex)
        digest_hex(hex, sum, DIGEST_LEN);
    b.len -= DIGEST_LEN;
    take(&b, &at, head, sizeof head);
    if (head[0] != schema) {
        err_set(err, rc, "%s has model schema %u, this psmon reads %u: train again", path, head[0], schema);
        goto out;
    }
    m = mfile_new(schema);
    for (uint32_t i = 0; i < head[1]; i++) {
        if (!decode_entry(m, &b, &at)) {
            err_set(err, rc, "%s is damaged: entry %u", path, i);
            goto out;
        }
    }
    *out = m;
    m = NULL;
    rc = 0;
out:
    mfile_free(m);
    buf_free(&b);
    return rc;
}

static int get(const struct mfile *m, const char *name, enum type type, const void **v, size_t *n,
               size_t want, struct err *err)
{
    for (size_t i = 0; i < m->n; i++) {
        const struct entry *e = &m->entry[i];
        if (strcmp(e->name, name) != 0)
            continue;
        if (e->type != type)
            return err_set(err, ERR_DATA, "model entry '%s' is %s, not %s", name, type_name[e->type],
                           type_name[type]);
        if (want && e->n != want)
            return err_set(err, ERR_DATA, "model entry '%s' has %zu elements, not %zu", name, e->n, want);
        *v = e->data;
        if (n)
            *n = e->n;
        return 0;
    }
    return err_set(err, ERR_DATA, "model has no entry '%s'", name);
}

int mfile_get_f64(const struct mfile *m, const char *name, const double **v, size_t *n, size_t want,
                  struct err *err)
{
    const void *p;
    int rc = get(m, name, TYPE_F64, &p, n, want, err);
    if (rc == 0)
        *v = p;
    return rc;
}

int mfile_get_f32(const struct mfile *m, const char *name, const float **v, size_t *n, size_t want,
                  struct err *err)
{
    const void *p;
    int rc = get(m, name, TYPE_F32, &p, n, want, err);
    if (rc == 0)
        *v = p;
    return rc;
}

int mfile_get_i64(const struct mfile *m, const char *name, const int64_t **v, size_t *n, size_t want,
                  struct err *err)
{
    const void *p;
    int rc = get(m, name, TYPE_I64, &p, n, want, err);
    if (rc == 0)
        *v = p;
    return rc;
}

const char *mfile_get_text(const struct mfile *m, const char *name)
{
    const void *p = NULL;
    struct err ignored;
    return get(m, name, TYPE_TEXT, &p, NULL, 0, &ignored) == 0 ? p : NULL;
}
