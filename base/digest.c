/* Digests by OpenSSL; see digest.h. SPDX-License-Identifier: MIT */
#include "base/digest.h"

#include "base/mem.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* OpenSSL refuses these only when it is broken or out of memory: there is nothing a caller could do better.
 */
static void must(int ok, const char *what)
{
    if (!ok) {
        fprintf(stderr, "OpenSSL: %s failed\n", what);
        abort();
    }
}

void digest_sha256(uint8_t out[DIGEST_LEN], const void *data, size_t n)
{
    must(EVP_Digest(data, n, out, NULL, EVP_sha256(), NULL), "EVP_Digest");
}

void digest_hmac(uint8_t out[DIGEST_LEN], const void *key, size_t key_len, const void *data, size_t n)
{
    unsigned len = DIGEST_LEN;
    must(HMAC(EVP_sha256(), key, (int)key_len, data, n, out, &len) != NULL, "HMAC");
}

char *digest_hex(char *out, const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        snprintf(out + 2 * i, 3, "%02x", bytes[i]);
    out[2 * n] = '\0';
    return out;
}

size_t digest_base64(char *out, const uint8_t *bytes, size_t n)
{
    return (size_t)EVP_EncodeBlock((unsigned char *)out, bytes, (int)n);
}

long digest_base64_decode(uint8_t *out, const char *text)
{
    size_t n = strlen(text);
    if (n == 0 || n % 4 != 0)
        return -1;
    unsigned char *wide = xcalloc(n, 1); /* it writes whole triples, beyond what out has room for */
    int len = EVP_DecodeBlock(wide, (const unsigned char *)text, (int)n);
    if (len >= 0) {
        len -= (text[n - 1] == '=') + (text[n - 2] == '=');
        memcpy(out, wide, (size_t)len);
    }
    free(wide);
    return len;
}

void digest_random(void *out, size_t n)
{
    must(RAND_bytes(out, (int)n) == 1, "RAND_bytes");
}
