"""The wallet's node or service, played by the node "host" of the test server."""

from __future__ import annotations

import asyncio
import json
import os
import time
from types import TracebackType
from typing import Any, Literal

from control import Control, Event

from invreq import (
    BlindedHop,
    BlindedPath,
    Fail,
    Hold,
    InboundPayment,
    InboundPaymentRequest,
    Introduction,
    InvreqError,
    Payee,
    PayInfo,
    PaymentPath,
    Settle,
)


class MyNode:
    """Makes inbound payments, knows where nodes listen, and tells the payee of what arrives."""

    network: Literal["regtest"] = "regtest"
    # As tests/lightning/src/bin/crash-client.rs, so that one language can take up what another began.
    seed = bytes([9]) * 32

    def __init__(self, control: Control, nodes: dict[str, dict[str, str]]) -> None:
        self.control = control
        self._nodes = nodes
        self._serving: set[asyncio.Task[None]] = set()

    @classmethod
    async def connect(cls) -> MyNode:
        control = await Control.connect(os.environ["INVREQ_NODE"])
        return cls(control, json.loads(os.environ["INVREQ_NODES"]))

    async def __aenter__(self) -> MyNode:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.control.close()

    async def create_inbound_payment(self, request: InboundPaymentRequest) -> InboundPayment:
        made = await self.control.call(
            "create_inbound_payment",
            amount_msat=request.amount_msat,
            expiry_secs=max(1, request.expires_at - int(time.time())),
            payment_hash=request.payment_hash,
        )
        return InboundPayment(paths=[payment_path(path) for path in made["paths"]], mpp=True)

    async def addresses(self, node_id: str) -> list[str]:
        return [node["tcp"] for node in self._nodes.values() if node["node_id"] == node_id]

    async def resolve_scid(self, scid: int, direction: int) -> str | None:
        found = await self.control.call("resolve_scid", sciddir=f"{direction:02x}{scid:016x}")
        node_id: str | None = found["node_id"]
        return node_id

    def serve(self, payee: Payee) -> None:
        """Tells the payee of payments: from now on, and of what came while nobody looked."""
        self.control.listeners.append(lambda event: self._spawn(payee, event))
        loop = asyncio.get_running_loop()
        self._keep(loop.create_task(self._catch_up(payee)))

    async def _catch_up(self, payee: Payee) -> None:
        for event in (await self.control.call("payments"))["payments"]:
            self._spawn(payee, event)

    def _spawn(self, payee: Payee, event: Event) -> None:
        if event["node"] == "host":
            self._keep(asyncio.get_running_loop().create_task(self._take(payee, event)))

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)

    async def _take(self, payee: Payee, event: Event) -> None:
        try:
            if event["event"] == "payment_claimable":
                await self._claim(payee, event)
            elif event["event"] == "payment_claimed":
                await payee.payment_received(event["payment_hash"], event["amount_msat"], int(time.time()))
        except InvreqError:
            pass  # The node holds the payment, and tells of it again at the next start.

    async def _claim(self, payee: Payee, event: Event) -> None:
        payment_hash = event["payment_hash"]
        while True:
            verdict = await payee.judge(payment_hash, event["amount_msat"], int(time.time()))
            if isinstance(verdict, Settle):
                preimage = None if verdict.preimage is None else verdict.preimage.hex()
                await self.control.call("settle", payment_hash=payment_hash, preimage=preimage)
            elif isinstance(verdict, Fail):
                await self.control.call("fail", payment_hash=payment_hash)
            elif isinstance(verdict, Hold) and verdict.error.retryable:
                await asyncio.sleep(0.2)
                continue
            return


def payment_path(wire: dict[str, Any]) -> PaymentPath:
    """A payment path as the test server writes it."""
    pay = wire["payinfo"]
    hops = [
        BlindedHop(
            blinded_node_id=hop["blinded_node_id"],
            encrypted_recipient_data=bytes.fromhex(hop["encrypted_recipient_data"]),
        )
        for hop in wire["hops"]
    ]
    return PaymentPath(
        path=BlindedPath(
            introduction=introduction(wire["introduction"]), path_key=wire["first_path_key"], hops=hops
        ),
        payinfo=PayInfo(**{**pay, "features": bytes.fromhex(pay["features"])}),
    )


def introduction(text: str) -> Introduction:
    """A node id has 33 bytes, an end of a channel nine: its direction and its id."""
    if len(text) == 66:
        return Introduction.NODE_ID(text)
    return Introduction.SCID(direction=int(text[:2], 16), scid=int(text[2:], 16))
