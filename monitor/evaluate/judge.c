/* Judges findings against labels; see judge.h. SPDX-License-Identifier: MIT */
#include "monitor/evaluate/judge.h"

#include "base/mem.h"
#include "base/table/csv.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define AFTER_END NS_PER_DAY     /* windows of a day still hold a fault that was repaired within it */
#define AFTER_COMMON NS_PER_HOUR /* what an hour holds is said at its end */
#define LIST_LENGTH 10           /* as many as a maintenance day inspects */

static int read_time(const struct csv *c, int column, tstamp_ns *t, struct err *err)
{
    *t = 0;
    if (*csv_field(c, column) == '\0')
        return 0;
    return csv_time(c, column, NULL, t, err);
}

enum column { SUPPLY, MODE, CLASS, ONSET, END, TRIP, REQUIRED, KIND = REQUIRED, LEVEL, MEMBERS, COLUMNS };

static int find_columns(const struct csv *c, const char *path, int col[COLUMNS], struct err *err)
{
    static const char *const names[COLUMNS] = {"supply", "mode", "class", "onset",  "end",
                                               "trip",   "kind", "level", "members"};
    for (int i = 0; i < COLUMNS; i++)
        if ((col[i] = csv_find(c, names[i])) < 0 && i < REQUIRED)
            return err_set(err, ERR_DATA, "%s:1: column '%s' is missing", path, names[i]);
    return 0;
}

/* Which of the words a cell is; -1: none. */
static int word_of(const struct csv *c, int column, const char *const words[], int n)
{
    int i = column < 0 ? -1 : n - 1;
    while (i >= 0 && strcmp(csv_field(c, column), words[i]) != 0)
        i--;
    return i;
}

/* Supplies by name, blanks between; "*": all. */
static bool *read_members(const char *text, const struct fleet *f)
{
    bool *touches = xcalloc(f->n_supplies, sizeof *touches);
    for (size_t len; *text; text += len + (text[len] == ' ')) {
        char name[FINDING_NAME_LEN];
        len = strcspn(text, " ");
        snprintf(name, sizeof name, "%.*s", (int)len, text);
        int32_t supply = fleet_supply(f, name);
        if (supply >= 0)
            touches[supply] = true;
        for (size_t i = 0; i < f->n_supplies && strcmp(name, "*") == 0; i++)
            touches[i] = true;
    }
    return touches;
}

static int read_label(const struct csv *c, const int col[COLUMNS], const struct fleet *f, struct label *l,
                      struct err *err)
{
    static const char *const classes[LABEL_CLASSES] = {"equipment", "sensor", "data", "common", "benign"};
    static const char *const levels[] = {"small", "medium", "large"};
    int class = word_of(c, col[CLASS], classes, LABEL_CLASSES), rc = 0;
    double mode = 0;
    if (class < 0)
        return err_set(err, ERR_DATA, "%s:%u: class: '%s' is none", csv_path(c), csv_line(c),
                       csv_field(c, col[CLASS]));
    *l = (struct label){.class = (enum label_class) class, .level = word_of(c, col[LEVEL], levels, 3)};
    if (label_is_fault(l))
        rc = csv_number(c, col[MODE], &mode, err);
    if (rc == 0 && label_is_fault(l) && !(mode >= 1 && mode < JUDGE_MODES))
        return err_set(err, ERR_DATA, "%s:%u: mode: '%s' is not a failure mode", csv_path(c), csv_line(c),
                       csv_field(c, col[MODE]));
    if (rc != 0 || (rc = read_time(c, col[ONSET], &l->onset, err)) != 0 ||
        (rc = read_time(c, col[END], &l->end, err)) != 0 ||
        (rc = read_time(c, col[TRIP], &l->trip, err)) != 0)
        return rc;
    l->mode = (int)mode;
    if (l->end == 0) /* never repaired: to its trip, or for good */
        l->end = l->trip ? l->trip : LABEL_NEVER;
    snprintf(l->subject, sizeof l->subject, "%s", csv_field(c, col[SUPPLY]));
    if (col[KIND] >= 0)
        snprintf(l->kind, sizeof l->kind, "%s", csv_field(c, col[KIND]));
    if (col[MEMBERS] >= 0)
        l->touches = read_members(csv_field(c, col[MEMBERS]), f);
    return 0;
}

int judge_read_labels(const char *path, const struct fleet *f, struct label **out, size_t *n, struct err *err)
{
    struct csv *c;
    struct label *labels = NULL, l;
    size_t cap = 0;
    int col[COLUMNS], more, rc = csv_open(&c, path, err);
    *n = 0;
    if (rc != 0)
        return rc;
    rc = find_columns(c, path, col, err);
    while (rc == 0 && (more = csv_next(c, err)) != 0) {
        rc = more < 0 ? more : read_label(c, col, f, &l, err);
        if (rc != 0)
            break;
        xgrow(&labels, &cap, *n + 1, sizeof l);
        labels[(*n)++] = l;
    }
    csv_close(c);
    if (rc != 0)
        judge_free_labels(labels, *n);
    else
        *out = labels;
    return rc;
}

void judge_free_labels(struct label *labels, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(labels[i].touches);
    free(labels);
}

bool judge_takes_in(const char *subject, const struct fleet *f, int32_t supply)
{
    if (strcmp(subject, "*") == 0)
        return true;
    if (supply < 0)
        return false;
    const struct supply *s = &f->supplies[supply];
    if (strcmp(subject, s->name) == 0)
        return true;
    for (int g = GROUP_SECTOR; g < GROUP_COUNT; g++) {
        const char *prefix = group_name((enum group_kind)g);
        size_t n = strlen(prefix);
        if (s->group[g] < 0 || strncmp(subject, prefix, n) != 0 || (n && subject[n] != ':'))
            continue;
        if (strcmp(subject + n + (n > 0), f->groups[g].name[s->group[g]]) == 0)
            return true;
    }
    return false;
}

bool judge_concerns(const struct label *l, const struct fleet *f, const char *supply)
{
    return judge_takes_in(l->subject, f, fleet_supply(f, supply));
}

bool judge_touches(const struct label *l, const struct fleet *f, int32_t supply)
{
    return l->touches ? l->touches[supply] : judge_takes_in(l->subject, f, supply);
}

bool judge_share_a_supply(const struct finding *d, const struct label *l, const struct fleet *f)
{
    int32_t supply = fleet_supply(f, d->subject);
    if (supply >= 0)
        return judge_touches(l, f, supply);
    for (size_t i = 0; i < f->n_supplies; i++)
        if (judge_touches(l, f, (int32_t)i) && judge_takes_in(d->subject, f, (int32_t)i))
            return true;
    return false;
}

/* Whether a finding is about a label. Subjects need not be equal: a sector's finding answers for each of its
 * supplies, and a supply's for a fault of the whole sector. What was seen before the onset cannot be about
 * it, however near. */
bool judge_answers(const struct finding *d, const struct label *l, const struct fleet *f)
{
    if (l->class == LABEL_COMMON)
        return d->first_seen >= l->onset && d->first_seen <= l->end + AFTER_COMMON &&
               (strcmp(d->subject, l->subject) == 0 || judge_share_a_supply(d, l, f));
    if (l->class == LABEL_BENIGN || (d->class == CLASS_DATA) != (l->class == LABEL_DATA) ||
        d->first_seen < l->onset || d->first_seen > l->end + AFTER_END)
        return false;
    return strcmp(d->subject, l->subject) == 0 ||
           judge_takes_in(d->subject, f, fleet_supply(f, l->subject)) ||
           judge_takes_in(l->subject, f, fleet_supply(f, d->subject));
}

static void append(double **v, size_t *n, double x)
{
    *v = xreallocarray(*v, *n + 1, sizeof **v);
    (*v)[(*n)++] = x;
}

/* first NULL: not found. */
static void count_label(struct judged_mode *m, const struct label *l, const struct finding *first)
{
    m->labels++;
    if (!first)
        return;
    m->found++;
    append(&m->delay_h, &m->n_delay, (double)(first->first_seen - l->onset) / 3.6e12);
    if (l->trip && l->trip > first->first_seen)
        append(&m->lead_h, &m->n_lead, (double)(l->trip - first->first_seen) / 3.6e12);
}

static void judge_label(struct judgement *j, const struct label *l, const struct fleet *f,
                        const struct finding findings[], size_t n)
{
    const struct finding *first = NULL;
    for (size_t i = 0; i < n; i++)
        if (judge_answers(&findings[i], l, f) && (!first || findings[i].first_seen < first->first_seen))
            first = &findings[i];
    count_label(&j->mode[l->mode], l, first);
    if (l->level >= 0)
        count_label(&j->level[l->level], l, first);
}

void judge_findings(struct judgement *j, const struct fleet *f, const struct label labels[], size_t n_labels,
                    const struct finding findings[], size_t n_findings)
{
    for (size_t i = 0; i < n_labels; i++)
        if (label_is_fault(&labels[i]))
            judge_label(j, &labels[i], f, findings, n_findings);
    for (size_t i = 0; i < n_findings; i++) {
        bool answered = findings[i].class == CLASS_DATA; /* costs no budget, so is never a false one */
        for (size_t k = 0; k < n_labels && !answered; k++)
            answered = judge_answers(&findings[i], &labels[k], f);
        j->false_findings += !answered;
    }
}

size_t judge_within(double budget, const struct finding findings[], size_t n, struct finding out[])
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if (findings[i].class == CLASS_DATA || findings[i].chance <= budget)
            out[kept++] = findings[i];
    return kept;
}

static bool in_week(const struct label *l, tstamp_ns from, tstamp_ns to)
{
    return l->class != LABEL_BENIGN && l->onset < to && l->end > from;
}

static bool was_faulty(const char *supply, const struct fleet *f, const struct label labels[], size_t n,
                       tstamp_ns from, tstamp_ns to)
{
    for (size_t k = 0; k < n; k++)
        if (label_is_fault(&labels[k]) && in_week(&labels[k], from, to) &&
            judge_concerns(&labels[k], f, supply))
            return true;
    return false;
}

/* Whether a group is that of a label, near enough: an inspection of it comes upon the cause. */
static bool is_its_group(const char *subject, const struct label *l, const struct fleet *f)
{
    size_t group = 0, touched = 0, both = 0;
    for (size_t i = 0; i < f->n_supplies; i++) {
        bool in = judge_takes_in(subject, f, (int32_t)i), of = judge_touches(l, f, (int32_t)i);
        group += in;
        touched += of;
        both += in && of;
    }
    return both && 3 * both >= group && 3 * both >= touched;
}

static bool was_labelled(const char *subject, const struct fleet *f, const struct label labels[], size_t n,
                         tstamp_ns from, tstamp_ns to)
{
    if (fleet_supply(f, subject) >= 0)
        return was_faulty(subject, f, labels, n, from, to);
    for (size_t k = 0; k < n; k++)
        if (in_week(&labels[k], from, to) && is_its_group(subject, &labels[k], f))
            return true;
    return false;
}

/* How many rows a list could have that are good. */
static size_t worth_listing(const struct fleet *f, const struct label labels[], size_t n, tstamp_ns from,
                            tstamp_ns to)
{
    size_t worth = 0;
    for (size_t i = 0; i < f->n_supplies; i++)
        worth += was_faulty(f->supplies[i].name, f, labels, n, from, to);
    for (size_t k = 0; k < n; k++)
        worth += labels[k].class == LABEL_COMMON && in_week(&labels[k], from, to);
    return worth;
}

void judge_list(struct judgement *j, const char *const subjects[], size_t n, const struct fleet *f,
                const struct label labels[], size_t n_labels, tstamp_ns from, tstamp_ns to)
{
    size_t length = n < LIST_LENGTH ? n : LIST_LENGTH, good = 0;
    double first = 0, average = 0, worth = (double)worth_listing(f, labels, n_labels, from, to);
    if (n == 0)
        return; /* a week in which nothing was listed says nothing of precision */
    for (size_t i = 0; i < n; i++) {
        bool is_good = was_labelled(subjects[i], f, labels, n_labels, from, to);
        good += is_good;
        first += i < length && is_good;
        average += is_good ? (double)good / (double)(i + 1) : 0;
    }
    j->precision_sum += first / (double)length;
    j->possible_sum += fmin(worth, (double)length) / (double)length;
    if (worth > 0) {
        j->average_sum += fmin(average / worth, 1); /* two groups may name the same cause */
        j->average_possible_sum += fmin(worth, (double)n) / worth;
    }
    j->lists++;
}

static void append_all(double **v, size_t *n, const double x[], size_t m)
{
    for (size_t i = 0; i < m; i++)
        append(v, n, x[i]);
}

static void merge_mode(struct judged_mode *a, const struct judged_mode *b)
{
    a->labels += b->labels;
    a->found += b->found;
    append_all(&a->delay_h, &a->n_delay, b->delay_h, b->n_delay);
    append_all(&a->lead_h, &a->n_lead, b->lead_h, b->n_lead);
}

void judge_merge(struct judgement *into, const struct judgement *from)
{
    for (int m = 0; m < JUDGE_MODES; m++)
        merge_mode(&into->mode[m], &from->mode[m]);
    for (int level = 0; level < 3; level++)
        merge_mode(&into->level[level], &from->level[level]);
    into->false_findings += from->false_findings;
    into->weeks += from->weeks;
    into->precision_sum += from->precision_sum;
    into->possible_sum += from->possible_sum;
    into->average_sum += from->average_sum;
    into->average_possible_sum += from->average_possible_sum;
    into->lists += from->lists;
}

static void free_mode(struct judged_mode *m)
{
    free(m->delay_h);
    free(m->lead_h);
}

void judge_free(struct judgement *j)
{
    for (int m = 0; m < JUDGE_MODES; m++)
        free_mode(&j->mode[m]);
    for (int level = 0; level < 3; level++)
        free_mode(&j->level[level]);
}
