/* The models in state_dir/models: NAME.model, and `active`, a file with the name of the one in force.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_MONITOR_MODELS_H
#define PSM_MONITOR_MODELS_H

#include "base/err.h"
#include "base/fleet.h"
#include "detectors/model/model.h"
#include "monitor/settings/settings.h"

#define MODEL_NAME_LEN 64

/* A name may hold letters, digits, dot, dash and underscore, and does not begin with a dot. */
int models_check_name(const char *name, struct err *err) MUSTCHECK;

/* Path of a model's file. Caller frees. */
char *models_path(const char *state_dir, const char *name);
/* Whether there is a model of this name. Error: ERR_CONFIG, with what was probably meant. */
int models_check_there(const char *state_dir, const char *name, struct err *err) MUSTCHECK;
/* Makes the folder, where there is none. Error: ERR_IO. */
int models_make_folder(const char *state_dir, struct err *err) MUSTCHECK;

/* Name of the active model into name; false: none. */
bool models_active(const char *state_dir, char name[MODEL_NAME_LEN]);

/* Makes a model the active one, atomically; a running monitor takes it within a minute. Error: ERR_IO;
 * ERR_CONFIG when there is none of this name. */
int models_activate(const char *state_dir, const char *name, struct err *err) MUSTCHECK;

/* Loads the active model: 1 and *out, 0 when there is none, ERR_* when it cannot be used with this fleet,
 * window and period. */
int models_load_active(struct model **out, const struct settings *s, const struct fleet *f,
                       char name[MODEL_NAME_LEN], char hash[DIGEST_HEX_LEN], struct err *err) MUSTCHECK;

/* By which a change of the active model is noticed without reading it: its name, and its file's. */
struct models_stamp {
    char name[MODEL_NAME_LEN];
    int64_t changed_ns, size;
    uint64_t inode;
};
/* Of the active model; all zero when there is none or its file is not there. */
struct models_stamp models_stamp(const char *state_dir);
bool models_same(const struct models_stamp *a, const struct models_stamp *b);

/* Calls each for every model in the folder, by name; returns how many there are. */
size_t models_each(const char *state_dir, void (*each)(void *arg, const char *name, bool active), void *arg);

#endif
