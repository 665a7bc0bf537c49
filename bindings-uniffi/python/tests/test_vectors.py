"""What every language has to repeat byte for byte."""

from __future__ import annotations

import asyncio

from scenarios.host import payment_path, route
from stage import StageClock, StageStore, StageTransport, opened, settle, vectors

from invreq import DeliveryReport, DeliveryState, InboundPayment, Payment, Record, Route, Status


async def test_the_same_host_and_the_same_dice_make_the_same_bytes() -> None:
    script = vectors("transcript.json")

    class Source:
        async def create_inbound_payment(self, request: object) -> InboundPayment:
            return InboundPayment(paths=[payment_path(script["payment_path"])])

    class Transport(StageTransport):
        async def find_route(self, node_id: str) -> Route:
            return route(script["route"])

    async with opened(
        network=script["network"],
        wallet_id=script["wallet_id"],
        seed=bytes.fromhex(script["seed"]),
        clock=StageClock(script["now_ms"]),
        entropy=lambda: bytes.fromhex(script["entropy"]),
        source=Source(),
        transport=Transport(),
    ) as stage:
        payee, now = stage.payee, stage.clock.now
        assert await payee.reply_node_id() == script["reply_node_id"]
        call = asyncio.ensure_future(
            payee.send_invoice(script["invreq"], script["label"], expiry=script["expiry"])
        )
        await settle()
        [copy] = stage.transport.sent
        assert script["delivery"] == {
            "id": copy.id,
            "nodeId": copy.node_id,
            "invoice": copy.invoice.hex(),
            "firstHop": copy.packet.first_hop,
            "message": copy.packet.message.hex(),
        }
        approval = await payee.claim(script["payment_hash"], 50_000, now)
        assert approval.preimage is not None
        assert approval.preimage.hex() == script["preimage"]
        await payee.payment_received(script["payment_hash"], script["amount_received_msat"], now)
        assert (await call).to_rpc() == script["rpc"]
        assert entries(stage.store) == script["entries"]


async def test_a_store_that_was_written_by_rust_is_read() -> None:
    golden = vectors("store/v1.json")
    store = StageStore({bytes.fromhex(key): bytes.fromhex(value) for key, value in golden["entries"]})

    # Another process sends, so that everything stays as it is.
    class Follower(StageStore):
        def watch(self, revision_key: bytes, changed: object) -> object:
            return lambda: None

        async def lead(self, revision_key: bytes) -> None:
            await asyncio.Event().wait()

    follower = Follower(store.data)
    async with opened(
        store=follower,
        clock=StageClock(golden["now_ms"]),
        network=golden["network"],
        wallet_id=golden["wallet_id"],
        seed=bytes.fromhex(golden["seed"]),
    ) as stage:
        shown = [
            {
                "label": record.label,
                "status": record.status.name.lower(),
                "claiming": record.claiming,
                "delivery": record.delivery.state.name.lower(),
                "rpc": record.to_rpc(),
            }
            async for record in stage.payee.list_invoices()
        ]
        assert shown == golden["records"]
        assert entries(follower) == entries(store)


def test_a_record_is_written_as_rust_writes_it() -> None:
    record = Record(
        label='quote " backslash \\ slash / tab \t line \n return \r feed \f back \b bell \x07 unit \x1f delete \x7f',
        description="é ₿ 𝄞 \u2028 \u2029 \u200f \ufeff </script>",
        payment_hash="00" * 32,
        invreq_id="11" * 32,
        bolt12="lni1",
        amount_msat=2_099_999_999_999_999_999,
        status=Status.PAID,
        claiming=False,
        created_at=1,
        expires_at=2,
        created_index=3,
        updated_index=4,
        payment=Payment(
            pay_index=5,
            amount_received_msat=2**64 - 1,
            paid_at=6,
            payment_preimage=bytes([0x22]) * 32,
        ),
        delivery=DeliveryReport(state=DeliveryState.SENT, attempts=1, paths=[], error=None),
    )
    assert record.to_rpc() == vectors("rpc.json")["text"]


async def test_the_seed_gives_what_the_vectors_say() -> None:
    cases = vectors("derivation.json")["vectors"]
    assert len(cases) >= 4
    for case in cases:
        seed, nonce = bytes.fromhex(case["seed"]), bytes.fromhex(case["nonce"])
        async with opened(network=case["network"], seed=seed, entropy=lambda nonce=nonce: nonce) as stage:
            assert await stage.payee.reply_node_id() == case["reply_node_id"]
            if case["network"] == "bitcoin":
                call = await stage.send("a")
                assert stage.source.asked[0].payment_hash == case["payment_hash"]
                call.cancel()


def entries(store: StageStore) -> list[list[str]]:
    return [[key.hex(), value.hex()] for key, value in sorted(store.data.items())]
