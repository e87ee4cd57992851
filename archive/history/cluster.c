/* The private PostgreSQL cluster; see cluster.h.
 *
 *   <state_dir>/postgres/data      the cluster          socket   its socket, when the path is short enough
 *                        log       what it says         lock     who uses it (shared), see below
 *                        pg_hba.conf, psmon.conf        written at each start
 *                        start     held while it is made, started or stopped
 *
 * Every user holds a shared lock on `lock`; who leaves and gets it exclusively was the last. The kernel
 * drops locks of the killed, so nothing has to be cleaned up after kill -9.
 * SPDX-License-Identifier: MIT */
#include "archive/history/cluster.h"

#include "archive/history/programs.h"
#include "base/buf.h"
#include "base/digest.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/pg/pg.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define SOCKET_NAME "/.s.PGSQL.5432"
#define SOCKET_PATH_MAX 107 /* sun_path of Linux, with its NUL */
#define START_TRIES 10
#define PORT 5432          /* names the socket; another where it listens on one */
#define RECOVERY_TRIES 120 /* of a second each */
#define LOG_MAX (16 << 20)
#define WATCH_MS 2000

struct cluster {
    char *root, *data, *socket, *log, *conninfo; /* root: state_dir/postgres */
    char *bin;                                   /* folder of PostgreSQL's programs */
    unsigned port;
    int use, start; /* lock files; -1 */
    uv_timer_t watch;
    bool watching;
};

static int io_error(struct err *err, const char *what, const char *path)
{
    return err_set(err, ERR_IO, "could not %s \"%s\": %s", what, path, strerror(errno));
}

/* ---- where things are ---- */

/* The user the cluster belongs to: its folder's owner, or, before it is made, us. */
static uid_t owner(const char *root)
{
    struct stat st;
    return stat(root, &st) == 0 ? st.st_uid : geteuid();
}

static char *socket_folder(const char *root)
{
    if (strlen(root) + strlen("/socket" SOCKET_NAME) + 1 <= SOCKET_PATH_MAX)
        return xasprintf("%s/socket", root);
    uint8_t sha[DIGEST_LEN];
    char hex[17];
    digest_sha256(sha, root, strlen(root));
    return xasprintf("/tmp/psmon-%u-%s", (unsigned)owner(root), digest_hex(hex, sha, 8));
}

/* libpq's quoting of a value in a connection string. */
static char *quoted(const char *s)
{
    struct buf b = {0};
    buf_str(&b, "'");
    for (; *s; s++) {
        if (*s == '\'' || *s == '\\')
            buf_str(&b, "\\");
        buf_add(&b, s, 1);
    }
    buf_str(&b, "'");
    return b.data;
}

static char *conninfo_of(const char *folder, unsigned port, const char *database)
{
    char *host = quoted(folder);
    char *s = xasprintf("host=%s port=%u user=psmon dbname=%s", host, port, database);
    free(host);
    return s;
}

static void cluster_free(struct cluster *c)
{
    if (!c)
        return;
    if (c->use >= 0)
        close(c->use); /* which also unlocks */
    if (c->start >= 0)
        close(c->start);
    free(c->root);
    free(c->data);
    free(c->socket);
    free(c->log);
    free(c->conninfo);
    free(c->bin);
    free(c);
}

static int locate(struct cluster **out, const char *state_dir, struct err *err)
{
    char *real = realpath(state_dir, NULL);
    if (!real)
        return io_error(err, "find folder", state_dir);
    struct cluster *c = xcalloc(1, sizeof *c);
    c->use = c->start = -1;
    c->root = xasprintf("%s/postgres", real);
    c->data = xasprintf("%s/data", c->root);
    c->log = xasprintf("%s/log", c->root);
    c->socket = socket_folder(c->root);
    c->port = PORT;
    c->conninfo = conninfo_of(c->socket, c->port, "psmon");
    free(real);
    *out = c;
    return 0;
}

/* A folder that is ours alone: others must not be able to put a socket of theirs there. */
static int private_folder(const char *path, struct err *err)
{
    struct stat st;
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return io_error(err, "make folder", path);
    if (lstat(path, &st) != 0)
        return io_error(err, "stat", path);
    if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid())
        return err_set(err, ERR_IO, "\"%s\" is not a folder of this user", path);
    if ((st.st_mode & 077) && chmod(path, 0700) != 0)
        return io_error(err, "make private", path);
    return 0;
}

static int open_lock(int *fd, const char *root, const char *name, struct err *err)
{
    char *path = xasprintf("%s/%s", root, name);
    *fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    int rc = *fd < 0 ? io_error(err, "open", path) : 0;
    free(path);
    return rc;
}

static int lock(int fd, int how)
{
    int rc;
    while ((rc = flock(fd, how)) != 0 && errno == EINTR)
        ;
    return rc;
}

/* ---- which port ---- */

static void use_port(struct cluster *c, unsigned port)
{
    c->port = port;
    free(c->conninfo);
    c->conninfo = conninfo_of(c->socket, port, "psmon");
}

/* Of the server that postmaster.pid tells of, in its fourth line; 0: none. */
static unsigned noted_port(const struct cluster *c)
{
    char *path = xasprintf("%s/postmaster.pid", c->data), line[PATH_MAX + 2];
    FILE *f = fopen(path, "re");
    bool any = f != NULL;
    for (int i = 0; any && i < 4; i++)
        any = fgets(line, sizeof line, f);
    if (f)
        fclose(f);
    free(path);
    return any ? (unsigned)strtoul(line, NULL, 10) : 0;
}

/* ---- making ---- */

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static int write_file(const char *path, const char *text, const char *mode, struct err *err)
{
    FILE *f = fopen(path, mode);
    if (!f)
        return io_error(err, "open", path);
    bool ok = fputs(text, f) >= 0 && fflush(f) == 0 && fsync(fileno(f)) == 0;
    if (fclose(f) != 0 || !ok)
        return io_error(err, "write", path);
    return 0;
}

/* Its last lines, for the error text. */
static int with_log(struct cluster *c, struct err *err, const char *what)
{
    char tail[300] = "";
    FILE *f = fopen(c->log, "r");
    if (f) {
        if (fseek(f, -(long)(sizeof tail - 1), SEEK_END) != 0)
            rewind(f);
        tail[fread(tail, 1, sizeof tail - 1, f)] = '\0';
        fclose(f);
    }
    for (char *p = tail; *p; p++)
        if (*p == '\n')
            *p = ' ';
    return err_set(err, ERR_DB, "%s; \"%s\" ends with: %s", what, c->log, tail);
}

/* A container may run us as a number that nobody has named, which initdb refuses. libnss-wrapper, where it is
 * installed, tells it a name; without it the error says what to do. Borrows from file; variable: for
 * program_run. */
static int name_user(const struct cluster *c, char *file[2], const char *variable[PROGRAM_VARIABLES + 1],
                     struct err *err)
{
    if (getpwuid(geteuid()))
        return 0;
    char *passwd = xasprintf("%s/passwd", c->root), *line;
    line = xasprintf("psmon:x:%u:%u::/:/bin/false\n", (unsigned)geteuid(), (unsigned)getegid());
    int rc = write_file(passwd, line, "w", err);
    file[0] = xasprintf("NSS_WRAPPER_PASSWD=%s", passwd);
    file[1] = xasprintf("NSS_WRAPPER_GROUP=%s", passwd);
    variable[0] = file[0];
    variable[1] = file[1];
    variable[2] = "LD_PRELOAD=libnss_wrapper.so";
    free(passwd);
    free(line);
    return rc;
}

static int initdb_failed(struct cluster *c, bool named, struct err *err)
{
    if (named)
        return with_log(c, err, "initdb failed");
    return err_set(
        err, ERR_DB,
        "user id %u has no name, which PostgreSQL's initdb asks for: add \"psmon:x:%u:%u::/:/bin/false\" to "
        "/etc/passwd, install package libnss-wrapper, or set database.url (see \"%s\")",
        (unsigned)geteuid(), (unsigned)geteuid(), (unsigned)getegid(), c->log);
}

/* initdb into a folder of another name, renamed when complete: a kill leaves no half a cluster. */
static int make(struct cluster *c, struct err *err)
{
    struct stat st;
    if (stat(c->data, &st) == 0)
        return 0;
    char *half = xasprintf("%s/data.new", c->root), *conf = xasprintf("%s/postgresql.conf", half);
    nftw(half, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    char *initdb = xasprintf("%s/initdb", c->bin);
    const char *const argv[] = {initdb,
                                "-D",
                                half,
                                "-U",
                                "psmon",
                                "--auth=trust",
                                "--encoding=UTF8",
                                "--locale=C.UTF-8",
                                "--data-checksums",
                                NULL};
    char *file[2] = {NULL};
    const char *variable[PROGRAM_VARIABLES + 1] = {NULL};
    log_info("cluster", "making a private PostgreSQL cluster in \"%s\"", c->data);
    int rc = name_user(c, file, variable, err);
    if (rc == 0 && program_run(argv, variable, c->log) != 0)
        rc = initdb_failed(c, !variable[0], err);
    if (rc == 0)
        rc = write_file(conf, "include_if_exists '../psmon.conf'\n", "a", err);
    if (rc == 0 && rename(half, c->data) != 0)
        rc = io_error(err, "rename", half);
    free(file[0]);
    free(file[1]);
    free(initdb);
    free(half);
    free(conf);
    return rc;
}

/* A value in single quotes, as postgresql.conf has it. */
static void add_value(struct buf *b, const char *key, const char *value)
{
    buf_printf(b, "%s = '", key);
    for (const char *p = value; *p; p++) {
        if (*p == '\'')
            buf_str(b, "'");
        buf_add(b, p, 1);
    }
    buf_str(b, "'\n");
}

/* Who gets in: whoever reaches the socket, which is in a folder of psmon's user alone; over the network
 * members of psmon_reader from the networks that are allowed. */
static int write_access(const struct cluster *c, const struct cluster_listen *l, struct err *err)
{
    struct buf b = {0};
    const char *type = l && l->certificate ? "hostssl" : "host";
    buf_str(&b, "# written by psmon at each start\nlocal all all trust\n");
    if (l)
        buf_str(&b, "host all psmon all reject\n");
    for (const char *p = l ? l->allow : ""; *(p += strspn(p, " ,\t")); p += strcspn(p, " ,\t"))
        buf_printf(&b, "%s psmon +psmon_reader %.*s %s\n", type, (int)strcspn(p, " ,\t"), p,
                   l->client_ca ? "cert" : "scram-sha-256");
    char *path = xasprintf("%s/pg_hba.conf", c->root);
    int rc = write_file(path, buf_text(&b), "w", err);
    free(path);
    buf_free(&b);
    return rc;
}

static void add_listen(struct buf *b, const struct cluster *c, const struct cluster_listen *l)
{
    char *access = xasprintf("%s/pg_hba.conf", c->root);
    add_value(b, "listen_addresses", l ? l->address : "");
    buf_printf(b, "port = %u\npassword_encryption = 'scram-sha-256'\n", c->port);
    add_value(b, "hba_file", access);
    buf_printf(b, "ssl = %s\n", l && l->certificate ? "on" : "off");
    if (l && l->certificate) {
        add_value(b, "ssl_cert_file", l->certificate);
        add_value(b, "ssl_key_file", l->key ? l->key : "");
        add_value(b, "ssl_ca_file", l->client_ca ? l->client_ca : "");
    }
    free(access);
}

/* Written at each start: the state directory may have moved since. */
static int configure(struct cluster *c, const struct cluster_listen *l, struct err *err)
{
    struct buf b = {0};
    buf_str(&b, "# written by psmon at each start; put your own settings into data/postgresql.auto.conf\n"
                "unix_socket_permissions = 0700\nunix_socket_directories = '\"");
    for (const char *p = c->socket; *p; p++) {
        if (*p == '\'' || *p == '"') /* a list of identifiers inside a string */
            buf_add(&b, p, 1);
        buf_add(&b, p, 1);
    }
    buf_str(&b, "\"'\n"
                /* files, not /dev/shm: a container's is small, and systemd's RemoveIPC clears it */
                "dynamic_shared_memory_type = mmap\n"
                "shared_buffers = 128MB\nmax_connections = 40\nsynchronous_commit = on\n"
                "max_wal_size = 1GB\ncheckpoint_timeout = 15min\nwal_compression = on\n"
                "max_parallel_workers_per_gather = 0\njit = off\n"
                "timezone = 'UTC'\nlog_timezone = 'UTC'\n"
                "logging_collector = off\nlog_destination = 'stderr'\n"
                "log_line_prefix = '%m [%p] '\nlog_min_error_statement = panic\n"
                "log_checkpoints = off\n");
    add_listen(&b, c, l);
    char *path = xasprintf("%s/psmon.conf", c->root);
    int rc = write_file(path, buf_text(&b), "w", err);
    free(path);
    buf_free(&b);
    return rc == 0 ? write_access(c, l, err) : rc;
}

/* ---- starting and stopping ---- */

static bool answers(const char *conninfo)
{
    struct err err;
    return pg_run(conninfo, "SELECT 1", 0, NULL, NULL, &err) == 0;
}

/* Whether a server is there that answers, or will when it has recovered from a crash of one of its processes:
 * it cannot be started a second time, and is waited for. */
static bool recovers(const char *conninfo)
{
    for (int i = 0;; i++) {
        struct err err;
        if (pg_run(conninfo, "SELECT 1", 0, NULL, NULL, &err) == 0)
            return true;
        if (i == RECOVERY_TRIES || !strstr(err.msg, "the database system is "))
            return false;
        sleep(1);
    }
}

/* pg_ctl reads the data folder from PGDATA: its command line goes through a shell, the environment not. */
static int pg_ctl(const struct cluster *c, const char *const arguments[], bool wait)
{
    char *program = xasprintf("%s/pg_ctl", c->bin), *data = xasprintf("PGDATA=%s", c->data);
    const char *argv[8] = {program};
    for (size_t i = 0; i < 6 && arguments[i]; i++)
        argv[i + 1] = arguments[i];
    const char *const variable[] = {data, NULL};
    int rc = wait ? program_run(argv, variable, c->log) : program_start(argv, variable, c->log);
    free(program);
    free(data);
    return rc;
}

static int start(struct cluster *c, struct err *err)
{
    static const char *const arguments[] = {"start", "-w", "-t", "60", "-s", NULL};
    char *maintenance = conninfo_of(c->socket, c->port, "postgres");
    bool up = answers(maintenance);
    if (!up) {
        struct stat st;
        if (stat(c->log, &st) == 0 && st.st_size > LOG_MAX) {
            char *old = xasprintf("%s.old", c->log);
            rename(c->log, old);
            free(old);
        }
        /* after a kill -9 of the server its children may hold the shared memory for a moment */
        for (int i = 0; !up && i < START_TRIES; i++) {
            if (i > 0)
                sleep(1);
            programs_reap();
            up = recovers(maintenance) || (pg_ctl(c, arguments, true) == 0 && answers(maintenance));
        }
    }
    free(maintenance);
    return up ? 0 : with_log(c, err, "private PostgreSQL does not start");
}

static int create_database(struct cluster *c, struct err *err)
{
    if (answers(c->conninfo))
        return 0;
    char *maintenance = conninfo_of(c->socket, c->port, "postgres");
    struct pg_rows *rows = NULL;
    int rc = pg_run(maintenance, "SELECT 1 FROM pg_database WHERE datname = 'psmon'", 0, NULL, &rows, err);
    if (rc == 0 && rows->n_rows == 0)
        rc = pg_run(maintenance, "CREATE DATABASE psmon", 0, NULL, NULL, err);
    pg_rows_free(rows);
    free(maintenance);
    return rc;
}

static int bring_up(struct cluster *c, const struct cluster_listen *l, struct err *err)
{
    unsigned port = noted_port(c);
    use_port(c, port ? port : PORT);
    if (!answers(c->conninfo)) /* else it is as it was started */
        use_port(c, l ? l->port : PORT);
    else if (l && l->port != c->port)
        log_warning("cluster",
                    "runs without database.listen as it is now configured: it needs all of psmon to stop");
    if (programs_find(&c->bin, c->data, err) != 0 || make(c, err) != 0 ||
        private_folder(c->socket, err) != 0 || configure(c, l, err) != 0 || start(c, err) != 0)
        return err->code;
    return create_database(c, err);
}

int cluster_join(struct cluster **out, const char *state_dir, const struct cluster_listen *listen,
                 char **conninfo, struct err *err)
{
    if (geteuid() == 0)
        return err_set(err, ERR_DB, "the private database cannot be run as root");
    if (mkdir(state_dir, 0755) != 0 && errno != EEXIST)
        return io_error(err, "make folder", state_dir);
    struct cluster *c = NULL;
    int rc = locate(&c, state_dir, err);
    if (rc != 0)
        return rc;
    assert(c);
    if ((rc = private_folder(c->root, err)) == 0 && (rc = open_lock(&c->start, c->root, "start", err)) == 0 &&
        (rc = open_lock(&c->use, c->root, "lock", err)) == 0 &&
        (lock(c->start, LOCK_EX) != 0 || lock(c->use, LOCK_SH) != 0))
        rc = io_error(err, "lock", c->root);
    if (rc == 0)
        rc = bring_up(c, listen, err);
    if (rc != 0) {
        cluster_free(c);
        return rc;
    }
    lock(c->start, LOCK_UN);
    *conninfo = xstrdup(c->conninfo);
    *out = c;
    return 0;
}

void cluster_leave(struct cluster *c)
{
    static const char *const arguments[] = {"stop", "-m", "fast", "-w", "-s", NULL};
    if (!c)
        return;
    /* under the start lock nobody joins meanwhile; taking the exclusive lock gives up our shared one */
    if (lock(c->start, LOCK_EX) == 0 && lock(c->use, LOCK_EX | LOCK_NB) == 0 &&
        pg_ctl(c, arguments, true) != 0 && answers(c->conninfo))
        log_warning("cluster", "could not stop the private PostgreSQL in \"%s\"", c->data);
    cluster_free(c);
}

int cluster_running(const char *state_dir)
{
    struct cluster *c = NULL;
    struct err err;
    if (locate(&c, state_dir, &err) != 0)
        return 0;
    assert(c);
    unsigned port = noted_port(c);
    use_port(c, port ? port : PORT);
    int up = answers(c->conninfo);
    cluster_free(c);
    return up;
}

/* ---- watching ---- */

/* Whether the process named in postmaster.pid lives and is this server (it works in its data folder). */
static bool server_lives(const struct cluster *c)
{
    char *path = xasprintf("%s/postmaster.pid", c->data);
    char line[32] = "";
    FILE *f = fopen(path, "r");
    free(path);
    if (!f)
        return false;
    if (!fgets(line, sizeof line, f))
        line[0] = '\0';
    fclose(f);
    char folder[PATH_MAX], *link = xasprintf("/proc/%ld/cwd", strtol(line, NULL, 10));
    ssize_t n = readlink(link, folder, sizeof folder - 1);
    free(link);
    folder[n > 0 ? n : 0] = '\0';
    return strcmp(folder, c->data) == 0;
}

static void on_watch(uv_timer_t *h)
{
    static const char *const arguments[] = {"start", "-W", "-s", NULL};
    struct cluster *c = h->data;
    programs_reap();
    if (server_lives(c))
        return;
    /* another process of ours may just be starting it */
    if (flock(c->start, LOCK_EX | LOCK_NB) != 0)
        return;
    log_warning("cluster", "the private PostgreSQL is gone: starting it again");
    pg_ctl(c, arguments, false);
    flock(c->start, LOCK_UN);
}

void cluster_watch(struct cluster *c, uv_loop_t *loop)
{
    uv_timer_init(loop, &c->watch);
    c->watch.data = c;
    uv_timer_start(&c->watch, on_watch, WATCH_MS, WATCH_MS);
    uv_unref((uv_handle_t *)&c->watch);
    c->watching = true;
}

void cluster_unwatch(struct cluster *c)
{
    if (c && c->watching)
        uv_close((uv_handle_t *)&c->watch, NULL);
    if (c)
        c->watching = false;
}
