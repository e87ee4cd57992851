/* The disk spool of the database connection as a crash or a bad disk may leave it: opened, every record
 * loaded, written on, and opened again with what was written at its end. The input is the file `log`;
 * checksums of head and records are put right when it begins with '!' (which is then left out). White box:
 * the layout is spool.c's. SPDX-License-Identifier: MIT */
#include "base/pg/spool.c" /* NOLINT(bugprone-suspicious-include): white box */
#include "tests/fuzz/fuzz.h"

static struct {
    size_t n;
    uint64_t last_seq;
    int64_t offset[256];
} seen;

static void on_found(void *arg, uint64_t seq, int64_t offset)
{
    (void)arg;
    if (seen.n < sizeof seen.offset / sizeof *seen.offset)
        seen.offset[seen.n] = offset;
    seen.n++;
    seen.last_seq = seq;
}

static void repair(char *data, size_t n)
{
    struct file_head head;
    struct record_head h;
    if (n < sizeof head)
        return;
    memcpy(&head, data, sizeof head);
    memcpy(head.magic, file_magic, sizeof head.magic);
    checksum(head.check, &head, offsetof(struct file_head, check), NULL, 0);
    memcpy(data, &head, sizeof head);
    for (size_t at = sizeof head; n - at >= sizeof h; at += sizeof h + h.length) {
        memcpy(&h, data + at, sizeof h);
        if (h.length > n - at - sizeof h)
            return;
        memcpy(h.magic, record_magic, sizeof h.magic);
        checksum(h.check, &h.seq, sizeof h.seq, data + at + sizeof h, h.length);
        memcpy(data + at, &h, sizeof h);
    }
}

static const char *folder(void)
{
    static char dir[] = "/dev/shm/psmon-fuzz-XXXXXX";
    static bool made;
    if (!made) {
        log_set_level(LOG_ERROR);
        if (!mkdtemp(dir))
            abort();
        made = true;
    }
    return dir;
}

static void put_log(const char *dir, const uint8_t *data, size_t n)
{
    char path[64];
    bool sound = n > 0 && data[0] == '!';
    char *copy = malloc(n + 1);
    n -= sound;
    memcpy(copy, data + sound, n);
    if (sound)
        repair(copy, n);
    snprintf(path, sizeof path, "%s/log", dir);
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(copy, 1, n, f) != n || fclose(f) != 0)
        abort();
    free(copy);
}

static void remove_folder(void)
{
    char path[64];
    static const char *const names[] = {"log", "rejected"};
    for (size_t i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s", folder(), names[i]);
        unlink(path);
    }
    rmdir(folder());
}

static void on_rejected(void *arg)
{
    (void)arg;
}

static void load_all(struct pg_spool *s)
{
    struct err err = {0};
    for (size_t i = 0; i < seen.n && i < sizeof seen.offset / sizeof *seen.offset; i++) {
        struct pg_txn *t;
        int rc = pg_spool_load(s, seen.offset[i], &t, &err);
        if (rc != 0) {
            fuzz_is_error(rc, &err);
            continue;
        }
        pg_spool_reject(s, t, "as a test", on_rejected, NULL);
        pg_txn_free(t);
        while (pg_spool_busy(s))
            uv_run(uv_default_loop(), UV_RUN_ONCE);
    }
}

static void on_appended(void *arg, uint64_t seq, int64_t offset)
{
    (void)offset;
    *(uint64_t *)arg = seq;
}

static uint64_t append(struct pg_spool *s)
{
    struct pg_txn *t = pg_txn_new();
    uint64_t seq = 0;
    pg_spool_append(s, t, on_appended, &seq);
    pg_txn_free(t);
    while (pg_spool_busy(s))
        uv_run(uv_default_loop(), UV_RUN_ONCE);
    if (seq == 0)
        abort();
    return seq;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct pg_spool *s;
    struct err err = {0};
    static bool registered;
    if (!registered && (registered = atexit(remove_folder) == 0) == false)
        abort();
    put_log(folder(), data, n);
    memset(&seen, 0, sizeof seen);
    int rc = pg_spool_open(&s, uv_default_loop(), folder(), on_found, NULL, &err);
    if (rc != 0) {
        fuzz_is_error(rc, &err);
        return 0;
    }
    load_all(s);
    size_t before = seen.n;
    uint64_t seq = append(s);
    pg_spool_close(s);
    if (!is_number(seq)) /* the record before had the last number there is */
        return 0;
    memset(&seen, 0, sizeof seen);
    if (pg_spool_open(&s, uv_default_loop(), folder(), on_found, NULL, &err) != 0)
        abort();
    assert(seen.n == before + 1 && seen.last_seq == seq);
    pg_spool_close(s);
    return 0;
}
