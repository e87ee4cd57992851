/* The disk spool of durable transactions; see internal.h. SPDX-License-Identifier: MIT */
#include "base/pg/internal.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/timefmt.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define RECORD_MAX (256u << 20) /* a longer length is damage */

static const char file_magic[8] = "psmspl1\n";
static const char record_magic[4] = "psmR";

struct file_head {
    char magic[8];
    char id[32];        /* hexadecimal */
    uint64_t first_seq; /* of the first record that follows */
    uint8_t check[8];   /* of the fields above */
};

struct record_head {
    char magic[4];
    uint32_t length; /* of the transaction that follows */
    uint64_t seq;
    uint8_t check[8]; /* of seq and transaction */
};
_Static_assert(sizeof(struct file_head) == 56 && sizeof(struct record_head) == 24, "no padding on disk");

struct pg_spool {
    char *dir;
    int fd;
    char id[33];
    uint64_t next_seq;
    int64_t end; /* where the next record goes */
};

static void checksum(uint8_t out[8], const void *a, size_t na, const void *b, size_t nb)
{
    struct buf all = {0};
    uint8_t sha[DIGEST_LEN];
    buf_add(&all, a, na);
    buf_add(&all, b, nb);
    digest_sha256(sha, all.data, all.len);
    memcpy(out, sha, 8);
    buf_free(&all);
}

static int write_all(int fd, const char *data, size_t n, int64_t offset)
{
    while (n > 0) {
        ssize_t k = offset < 0 ? write(fd, data, n) : pwrite(fd, data, n, offset);
        if (k < 0 && errno == EINTR)
            continue;
        if (k <= 0)
            return -1;
        data += k;
        n -= (size_t)k;
        offset += offset < 0 ? 0 : k;
    }
    return 0;
}

static bool read_all(int fd, void *data, size_t n, int64_t offset)
{
    char *at = data;
    while (n > 0) {
        ssize_t k = pread(fd, at, n, offset);
        if (k < 0 && errno == EINTR)
            continue;
        if (k <= 0)
            return false;
        at += k;
        n -= (size_t)k;
        offset += k;
    }
    return true;
}

static void sync_folder(const char *dir)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
}

/* Rewrites the head: an empty log that goes on counting at next_seq. */
static int write_head(struct pg_spool *s, struct err *err)
{
    struct file_head h = {.first_seq = s->next_seq};
    memcpy(h.magic, file_magic, sizeof h.magic);
    memcpy(h.id, s->id, sizeof h.id);
    checksum(h.check, &h, offsetof(struct file_head, check), NULL, 0);
    if (ftruncate(s->fd, 0) != 0 || write_all(s->fd, (const char *)&h, sizeof h, 0) != 0)
        return err_set(err, ERR_IO, "could not write spool \"%s\": %s", s->dir, strerror(errno));
    s->end = (int64_t)sizeof h;
    return 0;
}

static int start_anew(struct pg_spool *s, struct err *err)
{
    uint8_t random[16];
    digest_random(random, sizeof random);
    digest_hex(s->id, random, sizeof random);
    s->next_seq = 1;
    if (write_head(s, err) != 0)
        return err->code;
    if (fsync(s->fd) != 0)
        return err_set(err, ERR_IO, "could not fsync spool \"%s\": %s", s->dir, strerror(errno));
    sync_folder(s->dir);
    return 0;
}

/* A record at offset, whole and sound: its bytes in *data (caller frees) and true. */
static bool read_record(const struct pg_spool *s, int64_t offset, struct record_head *h, char **data)
{
    uint8_t check[8];
    if (!read_all(s->fd, h, sizeof *h, offset) || memcmp(h->magic, record_magic, 4) != 0 ||
        h->length > RECORD_MAX)
        return false;
    *data = xcalloc((size_t)h->length + 1, 1);
    if (read_all(s->fd, *data, h->length, offset + (int64_t)sizeof *h)) {
        checksum(check, &h->seq, sizeof h->seq, *data, h->length);
        if (memcmp(check, h->check, sizeof check) == 0)
            return true;
    }
    free(*data);
    return false;
}

static int scan(struct pg_spool *s, void (*found)(void *arg, uint64_t seq, int64_t offset), void *arg,
                struct err *err)
{
    struct record_head h;
    char *data;
    while (read_record(s, s->end, &h, &data)) {
        free(data);
        found(arg, h.seq, s->end);
        s->next_seq = h.seq + 1;
        s->end += (int64_t)sizeof h + h.length;
    }
    struct stat st;
    if (fstat(s->fd, &st) == 0 && st.st_size > s->end) {
        /* only the record being written when we died can be torn: its submitter was never told yes */
        log_warning("pg", "spool=%s event=torn_tail bytes=%" PRId64 " what=dropped", s->dir,
                    (int64_t)st.st_size - s->end);
        if (ftruncate(s->fd, s->end) != 0 || fsync(s->fd) != 0)
            return err_set(err, ERR_IO, "could not cut spool \"%s\": %s", s->dir, strerror(errno));
    }
    return 0;
}

static int read_log(struct pg_spool *s, void (*found)(void *arg, uint64_t seq, int64_t offset), void *arg,
                    struct err *err)
{
    struct file_head h;
    struct stat st;
    uint8_t check[8];
    if (fstat(s->fd, &st) != 0)
        return err_set(err, ERR_IO, "could not stat spool \"%s\": %s", s->dir, strerror(errno));
    if (!read_all(s->fd, &h, sizeof h, 0)) /* new, or died while being emptied: nothing waited */
        return start_anew(s, err);
    checksum(check, &h, offsetof(struct file_head, check), NULL, 0);
    if (memcmp(h.magic, file_magic, sizeof h.magic) != 0 || memcmp(check, h.check, sizeof check) != 0) {
        if (st.st_size <= (int64_t)sizeof h)
            return start_anew(s, err);
        return err_set(err, ERR_DATA, "\"%s/log\" is not a spool, or its head is damaged", s->dir);
    }
    memcpy(s->id, h.id, sizeof h.id);
    s->next_seq = h.first_seq;
    s->end = (int64_t)sizeof h;
    return scan(s, found, arg, err);
}

static int make_folders(const char *dir, struct err *err)
{
    char *path = xstrdup(dir);
    int rc = 0;
    for (char *p = path + 1; rc == 0; p++) {
        if (*p != '/' && *p != '\0')
            continue;
        char c = *p;
        *p = '\0';
        if (mkdir(path, 0700) != 0 && errno != EEXIST)
            rc = err_set(err, ERR_IO, "could not make folder \"%s\": %s", path, strerror(errno));
        *p = c;
        if (c == '\0')
            break;
    }
    free(path);
    return rc;
}

int pg_spool_open(struct pg_spool **out, const char *dir,
                  void (*found)(void *arg, uint64_t seq, int64_t offset), void *arg, struct err *err)
{
    if (make_folders(dir, err) != 0)
        return err->code;
    struct pg_spool *s = xcalloc(1, sizeof *s);
    s->dir = xstrdup(dir);
    char *path = xasprintf("%s/log", dir);
    s->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    int rc = 0;
    if (s->fd < 0)
        rc = err_set(err, ERR_IO, "could not open \"%s\": %s", path, strerror(errno));
    else if (flock(s->fd, LOCK_EX | LOCK_NB) != 0)
        rc = err_set(err, ERR_IO, "spool \"%s\" is in use by another process", dir);
    else
        rc = read_log(s, found, arg, err);
    free(path);
    if (rc != 0) {
        pg_spool_close(s);
        return rc;
    }
    *out = s;
    return 0;
}

void pg_spool_close(struct pg_spool *s)
{
    if (!s)
        return;
    if (s->fd >= 0)
        close(s->fd);
    free(s->dir);
    free(s);
}

const char *pg_spool_id(const struct pg_spool *s)
{
    return s->id;
}

int pg_spool_append(struct pg_spool *s, const struct pg_txn *t, uint64_t *seq, int64_t *offset,
                    struct err *err)
{
    struct buf b = {0};
    struct record_head h = {.seq = s->next_seq};
    buf_add(&b, &h, sizeof h);
    pg_txn_write(t, &b);
    h.length = (uint32_t)(b.len - sizeof h);
    memcpy(h.magic, record_magic, sizeof h.magic);
    checksum(h.check, &h.seq, sizeof h.seq, b.data + sizeof h, h.length);
    memcpy(b.data, &h, sizeof h);
    int rc = 0;
    if (b.len - sizeof h > RECORD_MAX)
        rc = err_set(err, ERR_IO, "transaction of %zu bytes is too large for the spool", b.len);
    else if (write_all(s->fd, b.data, b.len, s->end) != 0 || fdatasync(s->fd) != 0)
        rc = err_set(err, ERR_IO, "could not write spool \"%s\": %s", s->dir, strerror(errno));
    if (rc == 0) {
        *seq = s->next_seq++;
        *offset = s->end;
        s->end += (int64_t)b.len;
    } else if (ftruncate(s->fd, s->end) != 0) {
        log_warning("pg", "could not cut spool \"%s\": %s", s->dir, strerror(errno));
    }
    buf_free(&b);
    return rc;
}

int pg_spool_load(struct pg_spool *s, int64_t offset, struct pg_txn **out, struct err *err)
{
    struct record_head h;
    char *data;
    if (!read_record(s, offset, &h, &data))
        return err_set(err, ERR_IO, "could not read spool \"%s\" at %" PRId64, s->dir, offset);
    int rc = pg_txn_read(out, data, h.length, err);
    free(data);
    return rc;
}

int pg_spool_reset(struct pg_spool *s, struct err *err)
{
    /* Not fsynced: after a power failure the old records may come back, and the database's own count
     * (psmon_spool) says that they are done. */
    return write_head(s, err);
}

int pg_spool_reject(struct pg_spool *s, const struct pg_txn *t, const char *reason, struct err *err)
{
    struct buf b = {0};
    char now[TIMEFMT_LEN];
    buf_printf(&b, "-- rejected %s: %s\n", timefmt_iso(now, clock_wall()), reason);
    for (size_t i = 0; i < t->n; i++) {
        const struct pg_statement *st = &t->statement[i];
        buf_printf(&b, "%s;\n", st->sql);
        for (int k = 0; k < st->n; k++) {
            buf_printf(&b, "-- $%d = ", k + 1);
            for (int j = 0; st->value[k] && j < st->length[k]; j++) {
                unsigned char c = (unsigned char)st->value[k][j];
                if (c >= ' ' && c != '\\' && !st->format[k])
                    buf_add(&b, &c, 1);
                else
                    buf_printf(&b, "\\%03o", c);
            }
            buf_str(&b, st->value[k] ? "\n" : "NULL\n");
        }
    }
    char *path = xasprintf("%s/rejected", s->dir);
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600), rc = 0;
    if (fd < 0 || write_all(fd, b.data, b.len, -1) != 0 || fsync(fd) != 0)
        rc = err_set(err, ERR_IO, "could not write \"%s\": %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    free(path);
    buf_free(&b);
    return rc;
}
