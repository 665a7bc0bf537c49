"""Whatever a caller or a host passes, there is an `InvreqError` and nothing worse."""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
from typing import Any

import pytest
from stage import AMOUNT, NODE, REFUND, StageTransport, opened, payment, settle

import invreq
from invreq import InvreqError, Payee, SendOutcome, StoreError, TcpTransport, errors


class Hostile:
    """Everything about it raises."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError("no")

    def __str__(self) -> str:
        raise RuntimeError("no")

    __repr__ = __str__


WRONG: list[Any] = [
    None,
    True,
    -1,
    2**64,
    2**200,
    1.5,
    float("nan"),
    "",
    "\ud800",
    "a\0b",
    "x" * 70_000,
    b"",
    b"\xff" * 33,
    bytes(70_000),
    [],
    {},
    object(),
    "zz" * 32,
    "02" + "ff" * 32,
]

CALLS: dict[str, dict[str, Any]] = {
    "send_invoice": {
        "invreq": REFUND,
        "label": "a",
        "amount_msat": AMOUNT,
        "timeout": 1,
        "expiry": 1,
        "quantity": None,
        "existing": "error",
        "again": True,
        "invoice_node_id": None,
        "replies": "wanted",
    },
    "resend": {"label": "a"},
    "wait_invoice": {"label": "a"},
    "del_invoice": {"label": "a", "status": "unpaid"},
    "preview": {"invreq": REFUND},
    "claim": {"payment_hash": "00" * 32, "total_msat": 1, "first_htlc_at": 1},
    "claim_failed": {"payment_hash": "00" * 32},
    "payment_received": {"payment_hash": "00" * 32, "amount_msat": 1, "paid_at": 1, "preimage": None},
    "receive_onion_message": {"data": b"1", "node_id": None},
    "receive_invoice_error": {"reply_path_id": bytes(32), "data": b"1"},
}

FUNCTIONS: dict[str, dict[str, Any]] = {
    "decode": {"text": REFUND, "network": "bitcoin", "now": 1},
    "verify": {"text": REFUND},
    "answer": {
        "invreq": REFUND,
        "secret_key": bytes([1]) * 32,
        "payment_hash": "00" * 32,
        "paths": payment(AMOUNT).paths,
        "network": "bitcoin",
        "amount_msat": AMOUNT,
        "mpp": False,
        "created_at": 1,
        "expiry": 1,
        "paths_expire_at": None,
    },
    "prepare": {"invreq": REFUND, "node_id": NODE, "payment_hash": "00" * 32, "paths": payment(AMOUNT).paths},
}


def variants(given: dict[str, Any]) -> list[dict[str, Any]]:
    return [{**given, name: wrong} for name, wrong in itertools.product(given, WRONG)]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions(name: str) -> None:
    refused = 0
    for given in variants(FUNCTIONS[name]):
        try:
            getattr(invreq, name)(**given)
        except InvreqError as error:
            assert error.code != "internal", given
            assert str(error)
            refused += 1
    assert refused > len(WRONG) / 2


@pytest.mark.parametrize("name", CALLS)
async def test_calls(name: str) -> None:
    refused = 0
    async with opened() as stage:
        stage.transport.outcome = SendOutcome.NO_ROUTE
        for given in variants(CALLS[name]):
            try:
                call = asyncio.ensure_future(getattr(stage.payee, name)(**given))
                await settle(3)
                if not call.done():
                    await settle()
                    await stage.clock.go(2_000)
                await call
            except InvreqError as error:
                assert error.code != "internal", given
                assert str(error)
                refused += 1
    assert refused > len(WRONG) / 2


async def test_lists() -> None:
    given = {
        "label": None,
        "payment_hash": None,
        "status": None,
        "index": "created",
        "start": 0,
        "limit": None,
    }
    async with opened() as stage:
        for wrong in variants(given):
            try:
                async for _ in stage.payee.list_invoices(**wrong):
                    pass
            except InvreqError as error:
                assert error.code in ("invalid_parameter", "invalid_label"), wrong


async def test_options() -> None:
    names = ["network", "store", "source", "transport", "seed", "signer", "wallet_id", "clock", "entropy"]
    optional = {"signer", "clock", "entropy"}
    for name, wrong in itertools.product(names, [*WRONG, Hostile()]):
        if (wrong is None and name in optional) or (name == "wallet_id" and wrong == "zz" * 32):
            continue
        with pytest.raises(errors.InvalidParameter):
            async with opened(**{name: wrong}):
                pass
    with pytest.raises(TypeError):
        await Payee.open()  # type: ignore[call-arg]


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: repr(wrong)[:20])
async def test_what_a_host_answers(wrong: Any) -> None:
    class Source:
        async def create_inbound_payment(self, request: object) -> Any:
            return wrong

        async def can_receive(self, amount_msat: int) -> Any:
            return wrong

    class Transport(StageTransport):
        async def find_route(self, node_id: str) -> Any:
            return wrong

    async with opened(source=Source()) as stage:
        with pytest.raises(errors.SourceFailed):
            await (await stage.send("a"))
        preview = await stage.payee.preview(REFUND)
        assert preview.receivable is (True if wrong is True else None)
    async with opened(transport=Transport()) as stage:
        call = await stage.send("a", expiry=3600)
        assert (await stage.get("a")).label == "a"
        call.cancel()
    async with opened() as stage:
        stage.transport.outcome = wrong
        call = await stage.send("a", expiry=3600)
        assert stage.events[-1].kind in ("trouble", "delivery")
        assert any(event.kind == "trouble" for event in stage.events)
        call.cancel()


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: repr(wrong)[:20])
async def test_what_a_store_reads(wrong: Any) -> None:
    async with opened() as stage:

        async def read(start: bytes, end: bytes, limit: int) -> Any:
            return wrong

        original = stage.payee._hosts.store._range
        stage.payee._hosts.store._range = read
        if wrong == []:
            with pytest.raises(InvreqError):
                await stage.payee.wait_invoice("a")
        else:
            with pytest.raises(errors.StoreFailed):
                await stage.payee.list_invoices().page()
        stage.payee._hosts.store._range = original


def test_transports() -> None:
    for name, wrong in itertools.product(
        ["network", "addresses", "directory", "key", "clock", "entropy"], WRONG
    ):
        given = {"network": "bitcoin", name: wrong}
        try:
            TcpTransport(**given)
        except InvreqError as error:
            assert error.code == "invalid_parameter", given
        else:
            assert wrong in (None, {}), given


@pytest.mark.parametrize("name", ["payment_hash", "invreq_id", "delivery"])
async def test_a_record_made_by_hand(name: str) -> None:
    async with opened() as stage:
        (await stage.send("a", expiry=3600)).cancel()
        record = await stage.get("a")
    assert '"label":"a"' in record.to_rpc()
    for wrong in ("x", "\ud800", "zz" * 32, None, 1, b"x"):
        with pytest.raises(errors.InvalidParameter):
            dataclasses.replace(record, **{name: wrong}).to_rpc()
    with pytest.raises(errors.InvalidParameter):
        dataclasses.replace(record, amount_msat=-1).to_rpc()


def test_errors_of_a_store_have_a_kind() -> None:
    with pytest.raises(errors.InvalidParameter):
        StoreError("odd")  # type: ignore[arg-type]
