/* Files of dashboards/ embedded into the binary by the assembler. The Makefile names the objects that depend
 * on them. SPDX-License-Identifier: MIT */
#ifndef PSM_MONITOR_EMBED_H
#define PSM_MONITOR_EMBED_H

#include <stdint.h>

/* symbol[] holds the bytes of the file at path (relative to the repository's root, from which the compiler
 * runs), without a NUL; symbol_len says how many. */
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

#endif
