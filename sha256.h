/*
 * sha256.h - SHA-256 (FIPS 180-4), for names of things by what is in them.
 */
#ifndef ZBOX_SHA256_H
#define ZBOX_SHA256_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SHA256_HEX 65 /* room for a digest as text */

struct sha256 {
	uint32_t state[8];
	uint64_t length; /* bytes so far */
	uint8_t block[64];
};

void sha256_begin(struct sha256 *s);
void sha256_add(struct sha256 *s, const void *bytes, size_t length);

/* Writes the digest in lower-case hexadecimal, with a NUL. */
void sha256_end(struct sha256 *s, char hex[SHA256_HEX]);

/* For tests: leaves the processor's own instructions alone. */
void sha256_in_c(bool only);

#endif
