/* Lists of names; see namelist.h. SPDX-License-Identifier: MIT */
#include "monitor/namelist.h"

#include "base/text/spelling.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

bool namelist_next(const char **at, const char **word, int *len)
{
    if (!*at || !**at)
        return false;
    *word = *at;
    *len = (int)strcspn(*at, ",");
    *at += *len + ((*at)[*len] == ',');
    return true;
}

static int no_such_name(const char *option, const char *word, int len, const char *const names[], size_t n,
                        struct err *err)
{
    char text[64], hint[SPELLING_LEN];
    snprintf(text, sizeof text, "%.*s", len, word);
    struct spelling s = spelling_of(text);
    for (size_t i = 0; i < n; i++)
        spelling_offer(&s, names[i]);
    return err_set(err, ERR_CONFIG, "%s: there is no '%s'%s; --help tells what there is", option, text,
                   spelling_hint(hint, &s));
}

int namelist_read(const char *option, const char *list, const char *const names[], size_t n, uint32_t *bits,
                  struct err *err)
{
    const char *word;
    int len;
    assert(n < 32);
    while (namelist_next(&list, &word, &len)) {
        size_t i = 0;
        while (i < n && (strncmp(word, names[i], (size_t)len) != 0 || names[i][len]))
            i++;
        if (len == 3 && strncmp(word, "all", 3) == 0)
            *bits |= (1u << n) - 1;
        else if (i == n)
            return no_such_name(option, word, len, names, n, err);
        else
            *bits |= 1u << i;
    }
    return 0;
}
