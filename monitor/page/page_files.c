/* The files of dashboards/, embedded into the binary by the assembler (paths are relative to the repository
 * root, from which the compiler runs). SPDX-License-Identifier: MIT */
#include "monitor/page/page_parts.h"

#include <stdint.h>
#include <string.h>

#define EMBED(symbol, path)                                                       \
    __asm__(".pushsection .rodata\n"                                              \
            ".balign 16\n"                                                        \
            ".globl " #symbol "\n.hidden " #symbol "\n" #symbol ":\n"             \
            ".incbin \"" path "\"\n"                                              \
            ".L" #symbol "_end:\n"                                                \
            ".balign 8\n"                                                         \
            ".globl " #symbol "_len\n.hidden " #symbol "_len\n" #symbol "_len:\n" \
            ".quad .L" #symbol "_end - " #symbol "\n"                             \
            ".popsection\n");                                                     \
    extern const char symbol[];                                                   \
    extern const uint64_t symbol##_len

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
