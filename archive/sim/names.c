/* Names that a request asks for; see names.h. SPDX-License-Identifier: MIT */
#include "archive/sim/names.h"

#include "base/mem.h"
#include "base/text/json.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

void names_add(struct name_list *l, const char *name, size_t len)
{
    xgrow(&l->name, &l->cap, l->n + 1, sizeof *l->name);
    char *copy = xcalloc(len + 1, 1);
    memcpy(copy, name, len);
    l->name[l->n++] = copy;
}

void names_free(struct name_list *l)
{
    for (size_t i = 0; i < l->n; i++)
        free(l->name[i]);
    free(l->name);
    *l = (struct name_list){0};
}

static void add_split(struct name_list *l, const char *text, const char *separators)
{
    while (*text) {
        size_t len = strcspn(text, separators);
        if (len)
            names_add(l, text, len);
        text += len + (text[len] != '\0');
    }
}

/* The appliance takes a list of names, or of objects with a name; its parser's complaint is the whole
 * message, status 500. */
static int add_json(struct name_list *l, const struct httpd_request *r, char room[256], const char **message)
{
    json_error_t error;
    json_t *list = json_loadb(r->body, r->body_len, 0, &error);
    if (!list) {
        snprintf(room, 256, "Unexpected token at position %d.", error.position);
        *message = room;
        return 500;
    }
    size_t i;
    json_t *item;
    json_array_foreach(list, i, item)
    {
        const json_t *name = json_is_object(item) ? json_object_get(item, "pv") : item;
        if (json_is_string(name))
            names_add(l, json_string_value(name), json_string_length(name));
    }
    json_decref(list);
    return 0;
}

/* Percent-decoding of a form value, in place. */
static void decode(char *s)
{
    char *to = s;
    for (; *s; s++) {
        char hex[3] = {0};
        if (*s == '%' && s[1] && s[2]) {
            memcpy(hex, s + 1, 2);
            *to++ = (char)strtol(hex, NULL, 16);
            s += 2;
        } else {
            *to++ = *s == '+' ? ' ' : *s;
        }
    }
    *to = '\0';
}

/* The first pv= of a form, names with commas between. Without one the appliance's servlet runs into a null,
 * and says so. */
static int add_form(struct name_list *l, const struct httpd_request *r, const char **message)
{
    for (const char *p = r->body; *p;) {
        size_t len = strcspn(p, "&");
        if (len > 3 && strncmp(p, "pv=", 3) == 0) {
            char *value = xcalloc(len, 1);
            memcpy(value, p + 3, len - 3);
            decode(value);
            add_split(l, value, ",");
            free(value);
            return 0;
        }
        p += len + (p[len] != '\0');
    }
    *message = "Cannot invoke \"String.split(String)\" because the return value of "
               "\"javax.servlet.http.HttpServletRequest.getParameter(String)\" is null";
    return 500;
}

static void add_parameter(void *arg, const char *name, const char *value)
{
    if (strcmp(name, "pv") == 0 && *value)
        names_add(arg, value, strlen(value));
}

int names_of_request(struct name_list *l, const struct httpd_request *r, char room[256], const char **message)
{
    if (strcmp(r->method, "POST") != 0) {
        httpd_each_arg(r, add_parameter, l);
        return 0;
    }
    if (strcmp(r->content_type, "application/json") == 0)
        return add_json(l, r, room, message);
    if (strcmp(r->content_type, "application/x-www-form-urlencoded") == 0)
        return add_form(l, r, message);
    if (*r->content_type) /* text/plain, and whatever else */
        add_split(l, r->body, "\r\n");
    return 0;
}

bool names_glob(const char *pattern, const char *name)
{
    return fnmatch(pattern, name, FNM_NOESCAPE) ==
           0; /* names have backslashes now and then, patterns no escapes */
}
