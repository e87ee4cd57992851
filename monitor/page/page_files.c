/* The page's files of dashboards/, embedded. SPDX-License-Identifier: MIT */
#include "monitor/embed.h"
#include "monitor/page/page_parts.h"

#include <string.h>

EMBED(page_index_html, "dashboards/index.html");
EMBED(page_style_css, "dashboards/style.css");
EMBED(page_app_js, "dashboards/app.js");

bool page_file(const char *path, struct page_file *out)
{
    const struct page_file files[] = {
        {"/", "text/html; charset=utf-8", page_index_html, page_index_html_len},
        {"/index.html", "text/html; charset=utf-8", page_index_html, page_index_html_len},
        {"/style.css", "text/css; charset=utf-8", page_style_css, page_style_css_len},
        {"/app.js", "text/javascript; charset=utf-8", page_app_js, page_app_js_len},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        if (strcmp(files[i].path, path) == 0) {
            *out = files[i];
            return true;
        }
    return false;
}
