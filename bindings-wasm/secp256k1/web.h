/* libsecp256k1 for WebAssembly: three times as fast, and 32 KiB smaller.
 *
 * This file is included before each C file of `secp256k1-sys` (see docs/SIZE.md). It does two things.
 *
 * Numbers of the field are ten words of 26 bits, not five of 52: WebAssembly multiplies 64 bits at a time, and a product of
 * 128 bits is a call to a function.
 *
 * The table of multiples of the generator, 32 KiB of random bytes, is left out: this file takes the place of the library's
 * `ecmult_gen_impl.h`. A multiple of the generator is made by the library's own multiplication for secret scalars,
 * `ecmult_const`, which takes the same time for every scalar and is about as fast as the smallest table. The scalar is
 * blinded as before: n*G is (n - b)*G + b*G, with b from the seed that the caller gives. */
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
#include "hash_impl.h"
#include "ecmult_gen.h"

#define SECP256K1_ECMULT_GEN_IMPL_H

#define SECP(name) rustsecp256k1_v0_10_0_##name

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
    SECP(rfc6979_hmac_sha256) rng;
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
    SECP(rfc6979_hmac_sha256_initialize)(&rng, keydata, 64);
    SECP(rfc6979_hmac_sha256_generate)(&rng, b32, 32);
    SECP(rfc6979_hmac_sha256_finalize)(&rng);
    SECP(scalar_set_b32)(&b, b32, NULL);
    SECP(scalar_cmov)(&b, &SECP(scalar_one), SECP(scalar_is_zero)(&b));

    SECP(ecmult_gen)(ctx, &gb, &b);
    SECP(ge_set_gej)(&initial, &gb);
    SECP(gej_set_ge)(&ctx->initial, &initial);
    SECP(scalar_negate)(&ctx->blind, &b);

    memset(keydata, 0, sizeof(keydata));
    memset(b32, 0, sizeof(b32));
    SECP(scalar_clear)(&b);
    SECP(gej_clear)(&gb);
    SECP(ge_clear)(&initial);
}

#endif
