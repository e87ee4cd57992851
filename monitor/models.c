/* The models in the state directory; see models.h. SPDX-License-Identifier: MIT */
#include "monitor/models.h"

#include "base/mem.h"
#include "base/text/spelling.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SUFFIX ".model"

int models_check_name(const char *name, struct err *err)
{
    size_t n = strlen(name);
    bool ok = n > 0 && n < MODEL_NAME_LEN && name[0] != '.' && name[0] != '-';
    for (size_t i = 0; ok && i < n; i++)
        ok = isalnum((unsigned char)name[i]) || strchr("._-", name[i]);
    return ok ? 0
              : err_set(err, ERR_CONFIG,
                        "'%.80s' cannot name a model: letters, digits, dot, dash and underscore can", name);
}

static char *folder_path(const char *state_dir, const char *file)
{
    return xasprintf("%s/models/%s", state_dir, file);
}

int models_make_folder(const char *state_dir, struct err *err)
{
    char *folder = folder_path(state_dir, "");
    int rc = 0;
    if (mkdir(folder, 0755) != 0 && errno != EEXIST)
        rc = err_set(err, ERR_IO, "could not make folder %s: %s", folder, strerror(errno));
    free(folder);
    return rc;
}

char *models_path(const char *state_dir, const char *name)
{
    char file[MODEL_NAME_LEN + sizeof SUFFIX];
    snprintf(file, sizeof file, "%s" SUFFIX, name);
    return folder_path(state_dir, file);
}

bool models_active(const char *state_dir, char name[MODEL_NAME_LEN])
{
    char *path = folder_path(state_dir, "active");
    FILE *f = fopen(path, "re");
    free(path);
    if (!f)
        return false;
    struct err err;
    bool ok = fgets(name, MODEL_NAME_LEN, f) != NULL;
    fclose(f);
    if (ok)
        name[strcspn(name, "\n")] = '\0';
    return ok && models_check_name(name, &err) == 0;
}

int models_activate(const char *state_dir, const char *name, struct err *err)
{
    int rc = models_check_name(name, err);
    if (rc != 0)
        return rc;
    if ((rc = models_check_there(state_dir, name, err)) != 0)
        return rc;
    char *tmp = folder_path(state_dir, "active.tmp"), *active = folder_path(state_dir, "active");
    FILE *f = fopen(tmp, "we");
    bool ok = f && fprintf(f, "%s\n", name) > 0 && fflush(f) == 0 && fsync(fileno(f)) == 0;
    if (f)
        ok = fclose(f) == 0 && ok;
    if (!ok || rename(tmp, active) != 0)
        rc = err_set(err, ERR_IO, "could not write %s: %s", active, strerror(errno));
    free(tmp);
    free(active);
    return rc;
}

int models_load_active(struct model **out, const struct settings *s, const struct fleet *f,
                       char name[MODEL_NAME_LEN], char hash[DIGEST_HEX_LEN], struct err *err)
{
    *out = NULL;
    if (!models_active(s->state_dir, name))
        return 0;
    char *path = models_path(s->state_dir, name);
    int rc = model_load(out, f, path, hash, err);
    free(path);
    if (rc == 0)
        rc = model_suits(*out, s->window, s->period, err);
    if (rc == 0)
        return 1;
    model_free(*out);
    *out = NULL;
    return rc;
}

struct models_stamp models_stamp(const char *state_dir)
{
    struct models_stamp stamp = {0};
    char name[MODEL_NAME_LEN];
    struct stat st;
    if (!models_active(state_dir, name))
        return stamp;
    char *path = models_path(state_dir, name);
    if (stat(path, &st) == 0) {
        snprintf(stamp.name, sizeof stamp.name, "%s", name);
        stamp.changed_ns = st.st_mtim.tv_sec * NS_PER_S + st.st_mtim.tv_nsec;
        stamp.size = st.st_size;
        stamp.inode = st.st_ino;
    }
    free(path);
    return stamp;
}

bool models_same(const struct models_stamp *a, const struct models_stamp *b)
{
    return strcmp(a->name, b->name) == 0 && a->changed_ns == b->changed_ns && a->size == b->size &&
           a->inode == b->inode;
}

size_t models_each(const char *state_dir, void (*each)(void *arg, const char *name, bool active), void *arg)
{
    char active[MODEL_NAME_LEN] = "", *path = folder_path(state_dir, "");
    models_active(state_dir, active);
    struct dirent **entries;
    int n = scandir(path, &entries, NULL, alphasort);
    size_t models = 0;
    for (int i = 0; i < n; i++) {
        char *name = entries[i]->d_name, *end = strstr(name, SUFFIX);
        if (end && end[sizeof SUFFIX - 1] == '\0') {
            *end = '\0';
            each(arg, name, strcmp(name, active) == 0);
            models++;
        }
        free(entries[i]);
    }
    if (n >= 0)
        free(entries);
    free(path);
    return models;
}

static void offer(void *arg, const char *name, bool active)
{
    (void)active;
    spelling_offer(arg, name);
}

int models_check_there(const char *state_dir, const char *name, struct err *err)
{
    char hint[SPELLING_LEN] = "", *path = models_path(state_dir, name);
    bool there = access(path, R_OK) == 0;
    free(path);
    if (there)
        return 0;
    struct spelling s = spelling_of(name);
    if (models_each(state_dir, offer, &s) == 0)
        snprintf(hint, sizeof hint, ", nor any other; psmon train makes one");
    else
        spelling_hint(hint, &s);
    return err_set(err, ERR_CONFIG, "there is no model '%s' in %s/models%s", name, state_dir, hint);
}
