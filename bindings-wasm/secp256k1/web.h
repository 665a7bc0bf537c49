/* libsecp256k1 for WebAssembly: three times as fast, and 32 KiB smaller.
 *
 * This file is included before each C file of `secp256k1-sys` (see docs/SIZE.md). It does three things.
 *
 * Numbers of the field are ten words of 26 bits, not five of 52: WebAssembly multiplies 64 bits at a time, and a product of
 * 128 bits is a call to a function.
 *
 * The table of multiples of the generator, 32 KiB of random bytes, is left out: this file takes the place of the library's
 * `ecmult_gen_impl.h`. A multiple of the generator is made by the library's own multiplication for secret scalars,
 * `ecmult_const`, which takes the same time for every scalar and is about as fast as the smallest table. The scalar is
 * blinded as before: n*G is (n - b)*G + b*G, with b from the seed that the caller gives.
 *
 * SHA-256 is a loop, a sixth of the size of the library's, where 64 rounds are written one after the other; and what a failed
 * check of an argument would say is left out, for nobody could read it. */
#ifndef INVREQ_SECP256K1_WEB_H
#define INVREQ_SECP256K1_WEB_H

#define USE_FORCE_WIDEMUL_INT64 1
#define SECP256K1_BUILD
#include "../include/secp256k1.h"
#include "../include/secp256k1_preallocated.h"
#include "assumptions.h"
#include "checkmem.h"
#include "util.h"
#include "field_impl.h"
#include "scalar_impl.h"
#include "group_impl.h"
#include "ecmult_impl.h"
#include "ecmult_const_impl.h"
#include "ecmult_gen.h"
#include "hash.h"

#define SECP(name) rustsecp256k1_v0_10_0_##name

#define rustsecp256k1_v0_10_0_callback_call(callback, text) rustsecp256k1_v0_10_0_callback_call(callback, "")

/* The library's own loop-free functions step aside under other names, and are not linked. */
#define rustsecp256k1_v0_10_0_sha256_write unrolled_sha256_write
#define rustsecp256k1_v0_10_0_sha256_finalize unrolled_sha256_finalize
#define rustsecp256k1_v0_10_0_sha256_initialize_tagged unrolled_sha256_initialize_tagged
#include "hash_impl.h"
#undef rustsecp256k1_v0_10_0_sha256_write
#undef rustsecp256k1_v0_10_0_sha256_finalize
#undef rustsecp256k1_v0_10_0_sha256_initialize_tagged

static const uint32_t sha256_round_constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2
};

static uint32_t rotate(uint32_t word, int bits) {
    return word >> bits | word << (32 - bits);
}

static void sha256_block(uint32_t *state, const unsigned char *block) {
    uint32_t w[64], v[8], one, two;
    int i, j;
    for (i = 0; i < 16; i++) {
        w[i] = SECP(read_be32)(block + 4 * i);
    }
    for (i = 16; i < 64; i++) {
        one = rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^ w[i - 15] >> 3;
        two = rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^ w[i - 2] >> 10;
        w[i] = w[i - 16] + one + w[i - 7] + two;
    }
    memcpy(v, state, sizeof(v));
    for (i = 0; i < 64; i++) {
        one = v[7] + (rotate(v[4], 6) ^ rotate(v[4], 11) ^ rotate(v[4], 25)) + ((v[4] & v[5]) ^ (~v[4] & v[6]))
            + sha256_round_constants[i] + w[i];
        two = (rotate(v[0], 2) ^ rotate(v[0], 13) ^ rotate(v[0], 22))
            + ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
        for (j = 7; j > 0; j--) {
            v[j] = v[j - 1];
        }
        v[4] += one;
        v[0] = one + two;
    }
    for (i = 0; i < 8; i++) {
        state[i] += v[i];
    }
}

static void SECP(sha256_write)(SECP(sha256) *hash, const unsigned char *data, size_t len) {
    for (; len > 0; len--) {
        hash->buf[hash->bytes++ % 64] = *data++;
        if (hash->bytes % 64 == 0) {
            sha256_block(hash->s, hash->buf);
        }
    }
}

static void SECP(sha256_finalize)(SECP(sha256) *hash, unsigned char *out32) {
    static const unsigned char padding[64] = {0x80};
    unsigned char bits[8];
    int i;
    SECP(write_be32)(bits, hash->bytes >> 29);
    SECP(write_be32)(bits + 4, hash->bytes << 3);
    SECP(sha256_write)(hash, padding, 1 + (119 - hash->bytes % 64) % 64);
    SECP(sha256_write)(hash, bits, 8);
    for (i = 0; i < 8; i++) {
        SECP(write_be32)(out32 + 4 * i, hash->s[i]);
        hash->s[i] = 0;
    }
}

static void SECP(sha256_initialize_tagged)(SECP(sha256) *hash, const unsigned char *tag, size_t taglen) {
    unsigned char tag32[32];
    SECP(sha256_initialize)(hash);
    SECP(sha256_write)(hash, tag, taglen);
    SECP(sha256_finalize)(hash, tag32);
    SECP(sha256_initialize)(hash);
    SECP(sha256_write)(hash, tag32, 32);
    SECP(sha256_write)(hash, tag32, 32);
}

#define SECP256K1_ECMULT_GEN_IMPL_H

static void SECP(ecmult_gen_context_build)(SECP(ecmult_gen_context) *ctx) {
    SECP(ecmult_gen_blind)(ctx, NULL);
    ctx->built = 1;
}

static int SECP(ecmult_gen_context_is_built)(const SECP(ecmult_gen_context) *ctx) {
    return ctx->built;
}

static void SECP(ecmult_gen_context_clear)(SECP(ecmult_gen_context) *ctx) {
    ctx->built = 0;
    SECP(scalar_clear)(&ctx->blind);
    SECP(gej_clear)(&ctx->initial);
}

static void SECP(ecmult_gen)(const SECP(ecmult_gen_context) *ctx, SECP(gej) *r, const SECP(scalar) *n) {
    SECP(scalar) blinded;
    SECP(ge) initial;

    SECP(scalar_add)(&blinded, n, &ctx->blind);
    SECP(ecmult_const)(r, &SECP(ge_const_g), &blinded);
    SECP(scalar_clear)(&blinded);

    /* `ecmult_gen_blind` leaves it with a denominator of one. */
    initial.x = ctx->initial.x;
    initial.y = ctx->initial.y;
    initial.infinity = 0;
    SECP(gej_add_ge)(r, r, &initial);
    SECP(ge_clear)(&initial);
}

static void SECP(ecmult_gen_blind)(SECP(ecmult_gen_context) *ctx, const unsigned char *seed32) {
    SECP(sha256) hash;
    SECP(scalar) b;
    SECP(gej) gb;
    SECP(ge) initial;
    unsigned char keydata[64];
    unsigned char b32[32];

    if (seed32 == NULL) {
        /* b is minus one, until there is a seed. */
        SECP(ge_neg)(&initial, &SECP(ge_const_g));
        SECP(gej_set_ge)(&ctx->initial, &initial);
        SECP(scalar_set_int)(&ctx->blind, 1);
        return;
    }

    /* What was there before goes in, so that blinding again does no harm. */
    SECP(scalar_get_b32)(keydata, &ctx->blind);
    memcpy(keydata + 32, seed32, 32);
    SECP(sha256_initialize)(&hash);
    SECP(sha256_write)(&hash, keydata, 64);
    SECP(sha256_finalize)(&hash, b32);
    SECP(scalar_set_b32)(&b, b32, NULL);
    SECP(scalar_cmov)(&b, &SECP(scalar_one), SECP(scalar_is_zero)(&b));

    SECP(ecmult_gen)(ctx, &gb, &b);
    SECP(ge_set_gej)(&initial, &gb);
    SECP(gej_set_ge)(&ctx->initial, &initial);
    SECP(scalar_negate)(&ctx->blind, &b);

    memset(&hash, 0, sizeof(hash));
    memset(keydata, 0, sizeof(keydata));
    memset(b32, 0, sizeof(b32));
    SECP(scalar_clear)(&b);
    SECP(gej_clear)(&gb);
    SECP(ge_clear)(&initial);
}

#endif
