/* The disk spool of durable transactions; see internal.h. SPDX-License-Identifier: MIT */
#include "base/pg/internal.h"

#include "base/digest.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/time/clock.h"
#include "base/time/timefmt.h"

#include <assert.h>
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

/* A transaction on its way to the disk. */
struct record {
    struct record *next;
    struct buf bytes; /* the head, filled in by the thread, and the transaction; none: too large */
    void (*done)(void *arg, uint64_t seq, int64_t offset);
    void *arg;
};

struct pg_spool {
    char *dir;
    uv_loop_t *loop;
    int fd;
    char id[33];
    uint64_t next_seq;
    int64_t end;                    /* where the next record goes; 0: the head is to be written first */
    struct record *waiting, **tail; /* for the next batch */
    bool busy;                      /* a batch is under way, or its submitters are being told */
    enum pg_disk disk;
    struct {
        uv_work_t work;
        struct record *batch;
        int64_t reserved;         /* up to where the file has its blocks */
        int error, reserve_error; /* errno; 0: all of it is on disk; there is room for more */
    } writer; /* the thread's while it works; it also reads id, fd, next_seq and end, which stand still then
               */
    struct {
        uv_work_t work;
        struct buf text;
        int error;
        void (*done)(void *arg); /* NULL: none is under way */
        void *arg;
    } rejection;
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

/* Makes the file's blocks its own, PG_SPOOL_RESERVE beyond `end`. 0 or errno; a file system that cannot is
 * not asked again. The file does not grow by it, so that what follows the last record is found torn or
 * absent. */
static int reserve(struct pg_spool *s, int64_t end)
{
    if (s->writer.reserved >= end + PG_SPOOL_RESERVE / 2)
        return 0;
    if (fallocate(s->fd, FALLOC_FL_KEEP_SIZE, 0, end + PG_SPOOL_RESERVE) == 0)
        s->writer.reserved = end + PG_SPOOL_RESERVE;
    else if (errno == EOPNOTSUPP || errno == ENOSYS)
        s->writer.reserved = INT64_MAX / 2;
    else
        return errno;
    return 0;
}

/* Cuts the file off, and with it what was reserved beyond. */
static int cut_off(struct pg_spool *s, int64_t end)
{
    if (s->writer.reserved < INT64_MAX / 2)
        s->writer.reserved = 0;
    return ftruncate(s->fd, end);
}

/* The head of an empty log that counts on from next_seq. */
static struct file_head make_head(const struct pg_spool *s)
{
    struct file_head h = {.first_seq = s->next_seq};
    memcpy(h.magic, file_magic, sizeof h.magic);
    memcpy(h.id, s->id, sizeof h.id);
    checksum(h.check, &h, offsetof(struct file_head, check), NULL, 0);
    return h;
}

static int start_anew(struct pg_spool *s, struct err *err)
{
    uint8_t random[16];
    digest_random(random, sizeof random);
    digest_hex(s->id, random, sizeof random);
    s->next_seq = 1;
    struct file_head h = make_head(s);
    if (cut_off(s, 0) != 0 || file_write(s->fd, &h, sizeof h, 0) != 0 || fsync(s->fd) != 0)
        return err_set(err, ERR_IO, "could not write spool \"%s\": %s", s->dir, strerror(errno));
    s->end = (int64_t)sizeof h;
    file_sync_folder(s->dir);
    return 0;
}

/* 0 says that the disk refused a record; the database keeps numbers as bigint, and no disk takes half of
 * those. */
static bool is_number(uint64_t seq)
{
    return seq != 0 && seq <= INT64_MAX / 2;
}

/* A record at offset, whole and sound: its bytes in *data (caller frees) and true. */
static bool read_record(const struct pg_spool *s, int64_t offset, struct record_head *h, char **data)
{
    uint8_t check[8];
    if (!read_all(s->fd, h, sizeof *h, offset) || memcmp(h->magic, record_magic, 4) != 0 ||
        h->length > RECORD_MAX || !is_number(h->seq))
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

/* What stands where the next record would: what was being written when we died, whose submitters were never
 * told that it is safe, or damage. Off with it: a record that is written in front of it must not bring it
 * back. Zeros are what a log that was begun anew leaves, or (power failure) its old records. */
static int drop_tail(struct pg_spool *s, const struct record_head *next, struct err *err)
{
    static const struct record_head nothing;
    struct stat st;
    if (fstat(s->fd, &st) != 0 || st.st_size <= s->end || memcmp(next, &nothing, sizeof nothing) == 0)
        return 0;
    if (!is_number(next->seq) || next->seq >= s->next_seq)
        log_warning("pg", "spool=%s event=torn_tail bytes=%" PRId64 " what=dropped", s->dir,
                    (int64_t)st.st_size - s->end);
    if (cut_off(s, s->end) != 0 || fsync(s->fd) != 0)
        return err_set(err, ERR_IO, "could not cut spool \"%s\": %s", s->dir, strerror(errno));
    return 0;
}

/* Numbers rise: a record of a lower one was left by the log before this one. */
static int scan(struct pg_spool *s, void (*found)(void *arg, uint64_t seq, int64_t offset), void *arg,
                struct err *err)
{
    struct record_head h;
    char *data;
    while (memset(&h, 0, sizeof h), read_record(s, s->end, &h, &data)) {
        free(data);
        if (h.seq < s->next_seq)
            break;
        found(arg, h.seq, s->end);
        s->next_seq = h.seq + 1;
        s->end += (int64_t)sizeof h + h.length;
    }
    return drop_tail(s, &h, err);
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
    if (memcmp(h.magic, file_magic, sizeof h.magic) != 0 || memcmp(check, h.check, sizeof check) != 0 ||
        !is_number(h.first_seq)) {
        if (st.st_size <= (int64_t)sizeof h)
            return start_anew(s, err);
        return err_set(err, ERR_DATA, "\"%s/log\" is not a spool, or its head is damaged", s->dir);
    }
    memcpy(s->id, h.id, sizeof h.id);
    s->next_seq = h.first_seq;
    s->end = (int64_t)sizeof h;
    return scan(s, found, arg, err);
}

int pg_spool_open(struct pg_spool **out, uv_loop_t *loop, const char *dir,
                  void (*found)(void *arg, uint64_t seq, int64_t offset), void *arg, struct err *err)
{
    if (file_make_folder(dir, 0700, err) != 0)
        return err->code;
    struct pg_spool *s = xcalloc(1, sizeof *s);
    s->dir = xstrdup(dir);
    s->loop = loop;
    s->tail = &s->waiting;
    char *path = xasprintf("%s/log", dir);
    s->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    int rc = 0;
    if (s->fd < 0)
        rc = err_set(err, ERR_IO, "could not open \"%s\": %s", path, strerror(errno));
    else if (flock(s->fd, LOCK_EX | LOCK_NB) != 0)
        rc = err_set(err, ERR_IO, "spool \"%s\" is in use by another process", dir);
    else
        rc = read_log(s, found, arg, err);
    /* Above every number that was ever given out, whatever a power failure has left of the log: the database
     * takes what has an old one for done. There are fewer records than microseconds. */
    uint64_t now_us = (uint64_t)(clock_wall() / 1000);
    if (rc == 0 && s->next_seq < now_us)
        s->next_seq = now_us;
    if (rc == 0)
        s->disk = reserve(s, s->end) == 0 ? PG_DISK_WELL : PG_DISK_SHORT;
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
    assert(!pg_spool_busy(s) && !s->waiting);
    if (s->fd >= 0)
        close(s->fd);
    free(s->dir);
    free(s);
}

const char *pg_spool_id(const struct pg_spool *s)
{
    return s->id;
}

/* ---- appending: batches, in a thread ---- */

/* Completes a record's bytes. */
static void seal(struct record *r, uint64_t seq)
{
    struct record_head h = {.seq = seq, .length = (uint32_t)(r->bytes.len - sizeof h)};
    memcpy(h.magic, record_magic, sizeof h.magic);
    checksum(h.check, &h.seq, sizeof h.seq, r->bytes.data + sizeof h, h.length);
    memcpy(r->bytes.data, &h, sizeof h);
}

/* In the thread. A batch that is not wholly on disk is taken back, so that the log is as it was before. */
static void write_batch(uv_work_t *work)
{
    struct pg_spool *s = work->data;
    struct buf all = {0};
    uint64_t seq = s->next_seq;
    if (s->end == 0) {
        struct file_head h = make_head(s);
        buf_add(&all, &h, sizeof h);
    }
    for (struct record *r = s->writer.batch; r; r = r->next) {
        if (r->bytes.len > 0)
            seal(r, seq++);
        buf_add(&all, r->bytes.data, r->bytes.len);
    }
    s->writer.error = 0;
    s->writer.reserve_error = reserve(s, s->end + (int64_t)all.len);
    if ((all.len > 0 && file_write(s->fd, all.data, all.len, s->end) != 0) || fdatasync(s->fd) != 0) {
        s->writer.error = errno;
        /* where even this fails, what is whole of it is run again by the next psmon */
        if (cut_off(s, s->end) == 0)
            s->writer.reserve_error = reserve(s, s->end);
    }
    buf_free(&all);
}

static void start_batch(struct pg_spool *s);

/* Says once what is wrong with the disk, and when it is over. */
static void note_disk(struct pg_spool *s)
{
    enum pg_disk before = s->disk;
    s->disk = s->writer.error ? PG_DISK_REFUSES : s->writer.reserve_error ? PG_DISK_SHORT : PG_DISK_WELL;
    if (s->disk == PG_DISK_REFUSES)
        log_error("pg", "could not write spool \"%s\": %s", s->dir, strerror(s->writer.error));
    else if (s->disk == PG_DISK_SHORT && before != PG_DISK_SHORT)
        log_error("pg", "no more space for spool \"%s\" than is reserved: %s", s->dir,
                  strerror(s->writer.reserve_error));
    else if (s->disk == PG_DISK_WELL && before != PG_DISK_WELL)
        log_info("pg", "the disk takes what is spooled again: spool=\"%s\"", s->dir);
}

/* On the loop again: tells each submitter, in order; what they submit meanwhile waits for the next batch. */
static void batch_written(uv_work_t *work, int status)
{
    struct pg_spool *s = work->data;
    assert(status == 0); /* nothing cancels it */
    struct record *r = s->writer.batch;
    bool ok = s->writer.error == 0;
    s->writer.batch = NULL;
    note_disk(s);
    if (ok && s->end == 0)
        s->end = (int64_t)sizeof(struct file_head);
    while (r) {
        struct record *next = r->next;
        uint64_t seq = ok && r->bytes.len > 0 ? s->next_seq++ : 0;
        int64_t offset = s->end;
        s->end += ok ? (int64_t)r->bytes.len : 0;
        r->done(r->arg, seq, offset);
        buf_free(&r->bytes);
        free(r);
        r = next;
    }
    s->busy = false;
    if (s->waiting)
        start_batch(s);
}

static void start_batch(struct pg_spool *s)
{
    s->busy = true;
    s->writer.work.data = s;
    s->writer.batch = s->waiting;
    s->waiting = NULL;
    s->tail = &s->waiting;
    int rc = uv_queue_work(s->loop, &s->writer.work, write_batch, batch_written);
    assert(rc == 0);
}

void pg_spool_append(struct pg_spool *s, const struct pg_txn *t,
                     void (*done)(void *arg, uint64_t seq, int64_t offset), void *arg)
{
    struct record *r = xcalloc(1, sizeof *r);
    *r = (struct record){.done = done, .arg = arg};
    buf_add(&r->bytes, &(struct record_head){.seq = 0}, sizeof(struct record_head));
    pg_txn_write(t, &r->bytes);
    if (r->bytes.len > RECORD_MAX) {
        log_error("pg", "a transaction of %zu bytes is too large for the spool", r->bytes.len);
        buf_free(&r->bytes);
    }
    *s->tail = r;
    s->tail = &r->next;
    if (!s->busy)
        start_batch(s);
}

bool pg_spool_busy(const struct pg_spool *s)
{
    return s->busy || s->rejection.done;
}

enum pg_disk pg_spool_disk(const struct pg_spool *s)
{
    return s->disk;
}

void pg_spool_look(struct pg_spool *s)
{
    if (!s->busy)
        start_batch(s);
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

/* Zeros from one offset to the next. A disk that refuses them is of no consequence. */
static void wipe(int fd, int64_t from, int64_t to)
{
    static const char zeros[1 << 16];
    while (from < to) {
        size_t n = to - from < (int64_t)sizeof zeros ? (size_t)(to - from) : sizeof zeros;
        if (file_write(fd, zeros, n, from) != 0)
            return;
        from += (int64_t)n;
    }
}

int pg_spool_reset(struct pg_spool *s, struct err *err)
{
    assert(!pg_spool_busy(s));
    /* The blocks stay, but for what a long absence of the database has piled up. Not fsynced: after a power
     * failure the old records may come back, and the database's own count (psmon_spool) says that they are
     * done; their numbers say that they are not of this log. */
    struct file_head h = make_head(s);
    if (s->end > PG_SPOOL_RESERVE && cut_off(s, PG_SPOOL_RESERVE) != 0)
        return err_set(err, ERR_IO, "could not empty spool \"%s\": %s", s->dir, strerror(errno));
    int64_t end = s->end < PG_SPOOL_RESERVE ? s->end : PG_SPOOL_RESERVE;
    /* a head that cannot be written now comes with the next record: without it nobody could read that */
    s->end = file_write(s->fd, &h, sizeof h, 0) == 0 ? (int64_t)sizeof h : 0;
    if (s->end)
        wipe(s->fd, s->end, end);
    return 0;
}

/* ---- what the database will never take ---- */

static void describe(struct buf *b, const struct pg_txn *t, const char *reason)
{
    char now[TIMEFMT_LEN];
    buf_printf(b, "-- rejected %s: %s\n", timefmt_iso(now, clock_wall()), reason);
    for (size_t i = 0; i < t->n; i++) {
        const struct pg_statement *st = &t->statement[i];
        buf_printf(b, "%s;\n", st->sql);
        for (int k = 0; k < st->n; k++) {
            buf_printf(b, "-- $%d = ", k + 1);
            for (int j = 0; st->value[k] && j < st->length[k]; j++) {
                unsigned char c = (unsigned char)st->value[k][j];
                if (c >= ' ' && c != '\\' && !st->format[k])
                    buf_add(b, &c, 1);
                else
                    buf_printf(b, "\\%03o", c);
            }
            buf_str(b, st->value[k] ? "\n" : "NULL\n");
        }
    }
}

/* In the thread. */
static void write_rejection(uv_work_t *work)
{
    struct pg_spool *s = work->data;
    char *path = xasprintf("%s/rejected", s->dir);
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    bool ok = fd >= 0 && file_write(fd, s->rejection.text.data, s->rejection.text.len, -1) == 0 &&
              fsync(fd) == 0;
    s->rejection.error = ok ? 0 : errno;
    if (fd >= 0)
        close(fd);
    free(path);
}

static void rejection_written(uv_work_t *work, int status)
{
    struct pg_spool *s = work->data;
    assert(status == 0); /* nothing cancels it */
    void (*done)(void *arg) = s->rejection.done;
    if (s->rejection.error)
        log_error("pg", "could not write \"%s/rejected\": %s", s->dir, strerror(s->rejection.error));
    buf_free(&s->rejection.text);
    s->rejection.done = NULL;
    done(s->rejection.arg);
}

void pg_spool_reject(struct pg_spool *s, const struct pg_txn *t, const char *reason, void (*done)(void *arg),
                     void *arg)
{
    assert(!s->rejection.done);
    s->rejection.done = done;
    s->rejection.arg = arg;
    s->rejection.work.data = s;
    describe(&s->rejection.text, t, reason);
    int rc = uv_queue_work(s->loop, &s->rejection.work, write_rejection, rejection_written);
    assert(rc == 0);
}
