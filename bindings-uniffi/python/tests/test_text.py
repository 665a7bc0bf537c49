"""Functions of text, held against the vectors of the specification and of other implementations."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from coincurve import PrivateKey, PublicKey
from stage import REFUND, VECTORS, payment, vectors

from invreq import InvreqError, Kind, answer, decode, errors, prepare, verify

KEY = bytes([3]) * 32
HASH = "11" * 32


def verdict(text: str) -> str:
    """`ok`, or the code of the error. Both functions have to agree."""
    codes = []
    for read in (decode, verify):
        try:
            read(text)
            codes.append("ok")
        except InvreqError as error:
            assert str(error)
            assert type(error) is InvreqError.BY_CODE[error.code]
            codes.append(error.code)
    assert codes[0] == codes[1], text
    return codes[0]


def lines(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (VECTORS / name).read_text().splitlines()]


def test_the_format_strings_of_bolt_12() -> None:
    cases = vectors("bolts/bolt12/format-string-test.json")
    assert len(cases) == 12
    for case in cases:
        assert (verdict(case["string"]) == "ok") == case["valid"], case["comment"]


def test_the_offers_of_bolt_12() -> None:
    cases = vectors("bolts/bolt12/offers-test.json")
    assert len(cases) == 53
    for case in cases:
        assert (verdict(case["bolt12"]) == "ok") == case["valid"], case["description"]
        if case["valid"]:
            decoded = decode(case["bolt12"])
            assert decoded.kind is Kind.OFFER
            found = [
                {"type": field.number, "length": field.length, "hex": field.hex} for field in decoded.fields
            ]
            wanted = [{**field, "length": len(field["hex"]) // 2} for field in case["fields"]]
            assert found == wanted, case["description"]


# Where we differ from Core Lightning's minimal decoder on purpose, and how often: core/tests/codec/cln.rs says why.
DIFFERENCES = {
    "invoice: ok, but invalid_signature": 193,
    "invoice: ok, but missing_field": 68,
    "invoice: ok, but empty_stream": 1,
    "invrequest: ok, but empty_stream": 1,
    "invrequest: invalid invreq data, but ok": 2,
}


def test_core_lightnings_fuzz_corpora() -> None:
    different: Counter[str] = Counter()
    for corpus, count in (("invrequest", 757), ("invoice", 462), ("offer", 201)):
        cases = lines(f"cln/fuzz-{corpus}-decode.jsonl")
        assert len(cases) == count
        for case in cases:
            string, theirs = case.get("string", ""), case.get("error") or "ok"
            ours = verdict(string)
            if (theirs == "ok") != (ours == "ok"):
                different[f"{corpus}: {theirs}, but {ours}"] += 1
            elif ours == "ok":
                decoded = decode(string)
                assert decoded.merkle_root == (case.get("merkle_root") or "0" * 64)
                assert [[field.number, field.length] for field in decoded.fields] == case["fields"]
    assert different == DIFFERENCES


def test_core_lightnings_fuzz_corpus_of_strings() -> None:
    cases = lines("cln/fuzz-bech32-decode.jsonl")
    assert len(cases) == 256
    for case in cases:
        text = case.get("string")
        assert (
            verdict(bytes.fromhex(case["string_hex"]).decode(errors="replace") if text is None else text)
            != "ok"
        )


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "invalid_prefix"),
        ("lnbc1", "invalid_prefix"),
        ("lnr1", "empty_stream"),
        ("lnr1b", "invalid_character"),
        ("lnr1QQ", "mixed_case"),
        ("lnr1q+", "invalid_continuation"),
        ("lnr1q", "invalid_padding"),
        (REFUND[:60], "tlv_truncated"),
        ("lnr1" + "q" * 65_536, "string_too_long"),
    ],
)
def test_bad_strings_have_a_code(text: str, code: str) -> None:
    assert verdict(text) == code


def test_requests_and_their_invoices() -> None:
    pairs = vectors("pairs/pairs.json")
    assert len(pairs) == 3
    for pair in pairs:
        request = decode(pair["request"], network=pair["network"])
        assert (request.kind, request.signed) == (Kind.INVOICE_REQUEST, pair["signed"])
        if pair["request_merkle_root"]:
            assert request.merkle_root == pair["request_merkle_root"]
        invoice = decode(pair["invoice"], network=pair["network"])
        if pair["invoice_merkle_root"]:
            assert invoice.merkle_root == pair["invoice_merkle_root"]
        assert verify(pair["invoice"]).id == request.id


def test_an_answer_with_a_key_at_hand_and_with_one_elsewhere() -> None:
    key = PrivateKey(KEY)
    node_id = PublicKey.from_secret(KEY).format().hex()
    paths = payment(20_000_001).paths
    signed = answer(REFUND, secret_key=KEY, payment_hash=HASH, paths=paths, created_at=1_800_000_000)
    told = verify(signed)
    assert (told.kind, told.signed, told.node_id) == (Kind.INVOICE, True, node_id)
    unsigned = prepare(REFUND, node_id=node_id, payment_hash=HASH, paths=paths, created_at=1_800_000_000)
    assert len(unsigned.digest) == 32
    finished = unsigned.finish(key.sign_schnorr(unsigned.digest))
    assert verify(finished).node_id == node_id
    assert decode(finished).merkle_root == decode(signed).merkle_root
    with pytest.raises(errors.InvalidSignature):
        unsigned.finish(bytes(64))
    with pytest.raises(errors.AmountMismatch):
        answer(REFUND, secret_key=KEY, payment_hash=HASH, paths=paths, amount_msat=1)
    with pytest.raises(errors.InvalidParameter):
        answer(REFUND, secret_key=bytes(32), payment_hash=HASH, paths=paths)
    with pytest.raises(errors.InvalidParameter):
        prepare(REFUND, node_id="02" + "ff" * 32, payment_hash=HASH, paths=paths)


def test_the_request_is_named_where_it_breaks_a_rule() -> None:
    expired = decode(REFUND, now=2**40)
    assert expired.problem is not None
    assert (expired.problem.code, expired.answerable) == ("request_expired", False)
    elsewhere = decode(REFUND, network="regtest").problem
    assert elsewhere is not None
    assert elsewhere.code == "wrong_chain"
