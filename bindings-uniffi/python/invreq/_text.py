"""Functions of text: nothing is kept."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from . import _check as check
from ._ffi import invreq as ffi
from ._glue import call
from ._payee.ask import MAX_PATHS, payment_path
from ._types import Decoded, Network, PaymentPath, Verified
from .host import NodeId


def decode(text: str, *, network: Network | Literal["any"] = "bitcoin", now: int | None = None) -> Decoded:
    """Describes an offer, an invoice request or an invoice, field by field, and checks its signature.

    `now` is in Unix seconds; without it no expiry is checked. Raises the exception of the first thing that is not well-formed.
    """
    string = check.bolt12(text, "text")
    chain = check.word(network, "network", ("any", *check.NETWORKS))
    at = check.optional(now, check.u64, "now")
    described: Any = call(ffi.decode, string, chain, at)
    if described.kind == "failed":
        raise described.error
    decoded: Decoded = described.decoded
    return decoded


def verify(text: str) -> Verified:
    """Reads an offer, an invoice request or an invoice, checks its signature, and nothing else.

    Raises `InvalidSignature`, or the exception of the first thing that is not well-formed.
    """
    string = check.bolt12(text, "text")
    checked: Any = call(ffi.verify, string)
    if checked.kind == "failed":
        raise checked.error
    verified: Verified = checked.verified
    return verified


def answer(
    invreq: str,
    *,
    secret_key: bytes,
    payment_hash: str,
    paths: Sequence[PaymentPath],
    network: Network = "bitcoin",
    amount_msat: int | None = None,
    mpp: bool = False,
    created_at: int | None = None,
    expiry: int = 7200,
    paths_expire_at: int | None = None,
) -> str:
    """The signed invoice, `lni1…`, that answers a request with a key at hand. Nothing is stored, sent or tracked: that is what a
    `Payee` does.

    - `secret_key`: the private key that signs the invoice, 32 bytes: a fresh one for every invoice keeps the payee private.
    - `payment_hash`: as hex. Its preimage must never be used for another invoice.
    - `paths`: the payment paths of the node that gets the money, best first; 1 to 64.
    - `mpp`: whether the payment may arrive in parts.
    - `created_at`: when the invoice is made, in Unix seconds; now, where it is left out.
    - `expiry`: how long it can be paid after that, in seconds, from 1.
    - `paths_expire_at`: the last second in which every path works, in Unix seconds; left out where they do not end.

    Raises the exception of the first rule of the request or the terms that is broken.
    """
    terms = _terms(
        invreq, network, amount_msat, payment_hash, paths, mpp, created_at, expiry, paths_expire_at
    )
    return _signed(terms, ffi.InvoiceKey.SECRET_KEY(check.octets(secret_key, "secret_key", 32)))


@dataclass(frozen=True)
class UnsignedInvoice:
    """An invoice that waits for its signature."""

    digest: bytes
    """The 32 bytes to sign with BIP 340."""
    tag: str
    """The tag the digest was made with, for signers that hash by themselves."""
    invoice: bytes
    """The invoice without its signature, for signers that look before they sign."""
    node_id: NodeId
    """The public key of the key to sign with."""
    _terms: ffi.InvoiceTerms = field(repr=False)

    def finish(self, signature: bytes) -> str:
        """The signed invoice, `lni1…`, with this BIP 340 signature, 64 bytes. It is held against every rule the payer has.

        Raises `InvalidSignature` if the signature is not one of `node_id`.
        """
        given = check.octets(signature, "signature", 64)
        return _signed(self._terms, ffi.InvoiceKey.SIGNED(self.node_id, given))


def prepare(
    invreq: str,
    *,
    node_id: NodeId,
    payment_hash: str,
    paths: Sequence[PaymentPath],
    network: Network = "bitcoin",
    amount_msat: int | None = None,
    mpp: bool = False,
    created_at: int | None = None,
    expiry: int = 7200,
    paths_expire_at: int | None = None,
) -> UnsignedInvoice:
    """The invoice that answers a request, without its signature: for keys that are somewhere else.

    `node_id` is the public key of the key that will sign; the rest is as for `answer`. Raises the exception of the first rule of the
    request or the terms that is broken.
    """
    terms = _terms(
        invreq, network, amount_msat, payment_hash, paths, mpp, created_at, expiry, paths_expire_at
    )
    signer = check.point(node_id, "node_id")
    unsigned = _answered(terms, ffi.InvoiceKey.NODE_ID(signer))
    return UnsignedInvoice(unsigned.digest, unsigned.tag, unsigned.invoice, signer, terms)


def _terms(
    invreq: Any,
    network: Any,
    amount_msat: Any,
    payment_hash: Any,
    paths: Any,
    mpp: Any,
    created_at: Any,
    expiry: Any,
    paths_expire_at: Any,
) -> ffi.InvoiceTerms:
    created = check.optional(created_at, check.u64, "created_at")
    return ffi.InvoiceTerms(
        invreq=check.bolt12(invreq, "invreq"),
        network=check.network(network),
        amount_msat=check.optional(amount_msat, check.u64, "amount_msat"),
        payment_hash=check.payment_hash(payment_hash, "payment_hash"),
        paths=check.items(paths, "paths", MAX_PATHS, payment_path),
        mpp=check.boolean(mpp, "mpp"),
        created_at=int(time.time()) if created is None else created,
        expiry=check.u32(expiry, "expiry"),
        paths_expire_at=check.optional(paths_expire_at, check.u64, "paths_expire_at"),
    )


def _signed(terms: ffi.InvoiceTerms, key: ffi.InvoiceKey) -> str:
    bolt12: str = _answered(terms, key).bolt12
    return bolt12


def _answered(terms: ffi.InvoiceTerms, key: ffi.InvoiceKey) -> Any:
    answered: Any = call(ffi.answer, terms, key)
    if answered.kind == "failed":
        raise answered.error
    return answered
