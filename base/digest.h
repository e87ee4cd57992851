/* SHA-256 and HMAC-SHA-256 (OpenSSL), base64, random identifiers. The includer of OpenSSL.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_BASE_DIGEST_H
#define PSM_BASE_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#define DIGEST_LEN 32
#define DIGEST_HEX_LEN 65

void digest_sha256(uint8_t out[DIGEST_LEN], const void *data, size_t n);
void digest_hmac(uint8_t out[DIGEST_LEN], const void *key, size_t key_len, const void *data, size_t n);

/* Lower-case hexadecimal of n bytes into out[2 n + 1]; returns out. */
char *digest_hex(char *out, const uint8_t *bytes, size_t n);

/* Base64 of n bytes into out[4 ⌈n/3⌉ + 1]; returns its length. */
size_t digest_base64(char *out, const uint8_t *bytes, size_t n);

/* Decodes base64 text into out (room for 3 len/4 bytes); returns the length, or -1 when malformed. */
long digest_base64_decode(uint8_t *out, const char *text);

/* n cryptographically random bytes. */
void digest_random(void *out, size_t n);

#endif
