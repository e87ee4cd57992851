/* Runs one fuzz target over the inputs that are kept for it, without a fuzzer: what was found once stays
 * found, in every build. Arguments: files. Prints TAP; an input that breaks something ends the program, its
 * name last said. SPDX-License-Identifier: MIT */
#include "base/buf.h"
#include "tests/fuzz/fuzz.h"

static void read_input(struct buf *b, const char *path)
{
    char block[4096];
    size_t n;
    FILE *f = fopen(path, "rbe");
    if (!f) {
        perror(path);
        exit(1);
    }
    while ((n = fread(block, 1, sizeof block, f)) > 0)
        buf_add(b, block, n);
    fclose(f);
}

int main(int argc, char **argv)
{
    printf("1..%d\n", argc - 1);
    for (int i = 1; i < argc; i++) {
        struct buf b = {0};
        read_input(&b, argv[i]);
        printf("# %s\n", argv[i]);
        fflush(stdout);
        /* a copy as long as the input, so that a sanitizer sees reads behind its end */
        uint8_t *copy = malloc(b.len ? b.len : 1);
        if (b.len)
            memcpy(copy, b.data, b.len);
        LLVMFuzzerTestOneInput(copy, b.len);
        printf("ok %d - %s\n", i, strrchr(argv[i], '/') ? strrchr(argv[i], '/') + 1 : argv[i]);
        free(copy);
        buf_free(&b);
    }
    return 0;
}
