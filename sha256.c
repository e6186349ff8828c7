/*
 * sha256.c - SHA-256 (FIPS 180-4), for names of things by what is in them.
 *
 * Written after the standard, section 6.2, once in C and once with the instructions that x86 has
 * for it, which are six times as fast: archives are read for nothing else. Asking for them is a
 * trip to the hypervisor in a virtual machine, so only who has much to add asks, once. An attacker
 * chooses every byte; there is nothing here that depends on them but the result.
 */
#include "sha256.h"

#include "utils.h"

#include <string.h>
#ifdef __x86_64__
#include <cpuid.h>
#include <immintrin.h>
#endif

#define MUCH 4096 /* bytes in one piece from which on the instructions are asked for */

static const uint32_t constants[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
	0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
	0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
	0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
	0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
	0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
	0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116,
	0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
	0xc67178f2};

static uint32_t rotate(uint32_t x, unsigned n)
{
	return x >> n | x << (32 - n);
}

#define ROUND(a, b, c, d, e, f, g, h, i)                                                           \
	do {                                                                                       \
		uint32_t one = (h) + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) +              \
			       (((e) & (f)) ^ (~(e) & (g))) + constants[i] + w[i];                 \
                                                                                                   \
		(d) += one;                                                                        \
		(h) = one + (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) +                       \
		      (((a) & (b)) ^ ((a) & (c)) ^ ((b) & (c)));                                   \
	} while (0)

static void take_block(uint32_t state[8], const uint8_t *block)
{
	uint32_t w[64], v[8];

	for (size_t i = 0; i < 16; i++)
		w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 |
		       (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
	for (size_t i = 16; i < 64; i++) {
		uint32_t a = w[i - 15], b = w[i - 2];

		w[i] = w[i - 16] + w[i - 7] + (rotate(a, 7) ^ rotate(a, 18) ^ a >> 3) +
		       (rotate(b, 17) ^ rotate(b, 19) ^ b >> 10);
	}
	memcpy(v, state, sizeof(v));
	/* eight rounds at a time, so that the names change places and not the values */
	for (size_t i = 0; i < 64; i += 8) {
		ROUND(v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7], i);
		ROUND(v[7], v[0], v[1], v[2], v[3], v[4], v[5], v[6], i + 1);
		ROUND(v[6], v[7], v[0], v[1], v[2], v[3], v[4], v[5], i + 2);
		ROUND(v[5], v[6], v[7], v[0], v[1], v[2], v[3], v[4], i + 3);
		ROUND(v[4], v[5], v[6], v[7], v[0], v[1], v[2], v[3], i + 4);
		ROUND(v[3], v[4], v[5], v[6], v[7], v[0], v[1], v[2], i + 5);
		ROUND(v[2], v[3], v[4], v[5], v[6], v[7], v[0], v[1], i + 6);
		ROUND(v[1], v[2], v[3], v[4], v[5], v[6], v[7], v[0], i + 7);
	}
	for (size_t i = 0; i < 8; i++)
		state[i] += v[i];
}

static void take_in_c(uint32_t state[8], const uint8_t *blocks, size_t count)
{
	for (; count > 0; count--, blocks += 64)
		take_block(state, blocks);
}

#ifdef __x86_64__
#define SHA_CODE __attribute__((target("sha,sse4.1")))

static bool has_instructions(void)
{
	unsigned a, b, c, d, features;

	if (!__get_cpuid_count(7, 0, &a, &features, &c, &d) || !__get_cpuid(1, &a, &b, &c, &d))
		return false;
	return (features & bit_SHA) && (c & bit_SSE4_1) && (c & bit_SSSE3);
}

/* Four words of the schedule from the sixteen before them. */
SHA_CODE static __m128i next_words(const __m128i w[4], size_t i)
{
	__m128i sum = _mm_sha256msg1_epu32(w[i % 4], w[(i + 1) % 4]);

	sum = _mm_add_epi32(sum, _mm_alignr_epi8(w[(i + 3) % 4], w[(i + 2) % 4], 4));
	return _mm_sha256msg2_epu32(sum, w[(i + 3) % 4]);
}

/* The instructions keep the state as a, b, e, f and c, d, g, h, and do two rounds at a time. */
SHA_CODE static void take_by_instructions(uint32_t state[8], const uint8_t *blocks, size_t count)
{
	const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
	__m128i abef = _mm_set_epi32((int)state[0], (int)state[1], (int)state[4], (int)state[5]);
	__m128i cdgh = _mm_set_epi32((int)state[2], (int)state[3], (int)state[6], (int)state[7]);
	uint32_t out[8];

	for (; count > 0; count--, blocks += 64) {
		const __m128i before[2] = {abef, cdgh};
		__m128i w[4];

		for (size_t i = 0; i < 16; i++) {
			__m128i sum;

			w[i % 4] =
				i >= 4 ? next_words(w, i)
				       : _mm_shuffle_epi8(
						 _mm_loadu_si128((const void *)(blocks + 16 * i)),
						 swap);
			sum = _mm_add_epi32(w[i % 4],
					    _mm_loadu_si128((const void *)(constants + 4 * i)));
			cdgh = _mm_sha256rnds2_epu32(cdgh, abef, sum);
			abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(sum, 0x0e));
		}
		abef = _mm_add_epi32(abef, before[0]);
		cdgh = _mm_add_epi32(cdgh, before[1]);
	}
	_mm_storeu_si128((void *)out, abef);
	_mm_storeu_si128((void *)(out + 4), cdgh);
	for (size_t i = 0; i < 4; i++) { /* f e b a, h g d c */
		static const unsigned char place[4] = {5, 4, 1, 0};

		state[place[i]] = out[i];
		state[place[i] + 2] = out[4 + i];
	}
}
#else
static bool has_instructions(void)
{
	return false;
}

#define take_by_instructions take_in_c
#endif

static bool slow; /* for tests */

void sha256_in_c(bool only)
{
	slow = only;
}

/* Blocks of 64 bytes. */
static void take_blocks(uint32_t state[8], const uint8_t *blocks, size_t count)
{
	static int known = -1;

	if (known < 0 && count >= MUCH / 64)
		known = has_instructions();
	if (known > 0 && !slow)
		take_by_instructions(state, blocks, count);
	else
		take_in_c(state, blocks, count);
}

void sha256_begin(struct sha256 *s)
{
	*s = (struct sha256){.state = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f,
				       0x9b05688c, 0x1f83d9ab, 0x5be0cd19}};
}

void sha256_add(struct sha256 *s, const void *bytes, size_t length)
{
	const uint8_t *next = bytes;
	size_t used = s->length % sizeof(s->block);

	s->length += length;
	if (used > 0) {
		size_t part = sizeof(s->block) - used;

		part = part < length ? part : length;
		memcpy(s->block + used, next, part);
		if (used + part < sizeof(s->block))
			return;
		take_blocks(s->state, s->block, 1);
		next += part;
		length -= part;
	}
	take_blocks(s->state, next, length / sizeof(s->block));
	if (length % sizeof(s->block) > 0)
		memcpy(s->block, next + length / sizeof(s->block) * sizeof(s->block),
		       length % sizeof(s->block));
}

void sha256_end(struct sha256 *s, char hex[SHA256_HEX])
{
	static const uint8_t padding[64] = {0x80};
	uint64_t bits = s->length * 8;
	size_t used = s->length % sizeof(s->block);
	uint8_t length[8];

	for (size_t i = 0; i < sizeof(length); i++)
		length[i] = (uint8_t)(bits >> (56 - 8 * i));
	sha256_add(s, padding, used < 56 ? 56 - used : 120 - used);
	sha256_add(s, length, sizeof(length));
	for (size_t i = 0; i < COUNT(s->state); i++)
		(void)snprintf(hex + 8 * i, 9, "%08x", s->state[i]);
}
