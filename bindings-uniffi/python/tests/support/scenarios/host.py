"""The host of a scenario: every part of it does what it is told, and its lines wait their turn."""

from __future__ import annotations

import asyncio
import copy
import re
from collections.abc import Callable
from typing import Any

from invreq import (
    Batch,
    BlindedHop,
    BlindedPath,
    Delivery,
    Entry,
    InboundPayment,
    InboundPaymentRequest,
    Introduction,
    InvoiceErrorReply,
    OnionMessage,
    PayInfo,
    PaymentPath,
    ReplyPath,
    Route,
    SendOutcome,
    SignRequest,
    StoreError,
)

from . import lines
from .transcript import Transcript


class World:
    """What all payees of a scenario have in common."""

    def __init__(self, transcript: Transcript, says: dict[str, Any], now_ms: int) -> None:
        self.transcript, self.says, self.now_ms = transcript, copy.deepcopy(says), now_ms
        self.data: dict[bytes, bytes] = {}
        self.held: list[asyncio.Future[str]] = []
        self.arrived: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.deliveries: dict[str, Delivery] = {}
        self.action = 0
        self._sleepers: list[tuple[int, int, asyncio.Future[None]]] = []

    async def hold(self) -> str:
        self.held.append(asyncio.get_running_loop().create_future())
        return await self.held[-1]

    def go(self, ms: int) -> None:
        """So much time goes by, or comes back."""
        self.now_ms += ms
        for start, at, wake in self._sleepers:
            if not wake.done() and not start <= self.now_ms < at:
                wake.set_result(None)

    async def sleep(self, at: int) -> None:
        sleeper = (self.now_ms, at, asyncio.get_running_loop().create_future())
        self._sleepers.append(sleeper)
        try:
            await sleeper[2]
        finally:
            self._sleepers.remove(sleeper)


class Stage:
    """The host as one payee sees it, until it is taken from it."""

    def __init__(self, world: World, name: str) -> None:
        self.world, self.name, self.is_gone = world, name, False

    async def line(self, line: str | Callable[[], str], then: Callable[[], None] = lambda: None) -> None:
        """A line in its turn."""
        if self.is_gone:
            await asyncio.get_running_loop().create_future()
        await self.world.transcript.write(self._named(line), then)

    def hand_in(self, line: str) -> None:
        """The same for whoever does not wait for it."""
        if not self.is_gone:
            self.world.transcript.hand_in(self._named(line))

    def _named(self, line: str | Callable[[], str]) -> str | Callable[[], str]:
        prefix = "" if self.name == "a" else f"{self.name} "
        return (lambda: prefix + line()) if callable(line) else prefix + line

    def now_ms(self) -> int:
        return self.world.now_ms

    async def sleep_until(self, at_ms: int) -> None:
        await self.world.sleep(at_ms)

    def entropy(self) -> bytes:
        return entropy(self.world.action, self.name)

    def _word(self, what: str) -> str:
        words = self.world.says["store"].get(what)
        return words.pop(0) if words else "ok"

    async def range(self, start: bytes, end: bytes, limit: int) -> list[Entry]:
        said = self._word("reads")
        if said != "ok":
            await self.line(f"read {said}")
            raise store_error(said)
        found = sorted(key for key in self.world.data if start <= key < end)
        return [Entry(key=key, value=self.world.data[key]) for key in found[:limit]]

    async def write(self, batch: Batch) -> None:
        word, said = self._word("writes"), ""

        def outcome() -> str:
            if word == "conflict" or (word in ("ok", "lost") and not self._fits(batch)):
                return " conflict"
            return "" if word == "ok" else f" {word}"

        def then() -> None:
            nonlocal said
            said = outcome().strip()
            # With a conflict another writer was here, and changed nothing but the revision.
            if word == "conflict":
                self._revise(batch)
            elif said in ("", "lost"):
                for key in batch.deletes:
                    self.world.data.pop(key, None)
                self.world.data.update({put.key: put.value for put in batch.puts})
                self._revise(batch)

        await self.line(lambda: lines.write(batch) + outcome(), then)
        if said:
            raise store_error(said)

    async def close(self) -> None:
        pass

    async def create_inbound_payment(self, asked: InboundPaymentRequest) -> InboundPayment:
        await self.line(lines.source(asked))
        if self.world.says["source"].get("hold"):
            await self.world.hold()
        await self.line(f"told source {asked.label}")
        says = self.world.says["source"]
        if "fails" in says:
            raise RuntimeError(says["fails"])
        preimage = says.get("preimage")
        return InboundPayment(
            paths=[payment_path(path) for path in says["paths"]],
            payment_hash=says.get("paymentHash"),
            preimage=None if preimage is None else bytes.fromhex(preimage),
            mpp=says.get("mpp", False),
            paths_expire_at=says.get("pathsExpireAt"),
        )

    async def can_receive(self, amount_msat: int) -> bool | None:
        await self.line(f"ask receive {amount_msat}")
        can: bool | None = self.world.says["source"].get("canReceive")
        return can

    async def send(self, delivery: Delivery) -> SendOutcome:
        self.world.deliveries[delivery.id] = delivery
        await self.line(lines.send(delivery))
        says = self.world.says["transport"]
        word = says["sends"].pop(0) if says.get("sends") else says["send"]
        if word == "hold":
            word = await self.world.hold()
        await self.line(f"said {delivery.id} {word}")
        return SendOutcome[word.upper()]

    async def resolve_scid(self, scid: int, direction: int) -> str | None:
        await self.line(f"ask scid {scid} {direction}")
        found: str | None = self.world.says["transport"]["scids"].get(f"{scid}/{direction}")
        if found is not None and not re.fullmatch("[0-9a-f]{66}", found):
            raise RuntimeError(found)
        return found

    async def find_route(self, node_id: str) -> Route | None:
        await self.line(f"ask route {node_id}")
        says = self.world.says["transport"]
        found = says["routes"].get(node_id, says["route"])
        if isinstance(found, str):
            raise RuntimeError(found)
        return None if found is None else route(found)

    async def ecdh(self, node_id: str, point: str) -> bytes:
        await self.line(f"ask ecdh {node_id} {point}")
        secret = self.world.says["ecdh"].get(f"{node_id} {point}")
        if secret is None:
            raise RuntimeError("no such key")
        return bytes.fromhex(secret)

    async def receive(self) -> OnionMessage | InvoiceErrorReply:
        given = await self.world.arrived.get()
        data = bytes.fromhex(given["bytes"])
        if "replyTo" in given:
            return InvoiceErrorReply(bytes.fromhex(given["replyTo"]), data)
        return OnionMessage(data, given.get("nodeId"))

    async def sign(self, request: SignRequest) -> bytes:
        await self.line(f"ask sign {request.node_id} {request.digest.hex()} {lines.mark(request.invoice)}")
        signature = self.world.says["signer"].get("signs")
        if signature is None:
            raise RuntimeError("locked")
        return bytes.fromhex(signature)

    def _fits(self, batch: Batch) -> bool:
        stored = int.from_bytes(self.world.data.get(batch.revision_key, b""), "big")
        return stored == batch.revision - 1 and not any(key in self.world.data for key in batch.absent)

    def _revise(self, batch: Batch) -> None:
        self.world.data[batch.revision_key] = batch.revision.to_bytes(8, "big")


def entropy(action: int, payee: str) -> bytes:
    """The number of the action, the first letter of the payee's name, and bytes that count up."""
    return action.to_bytes(4, "big") + payee[:1].encode() + bytes(range(0xD5, 0xF0))


def store_error(word: str) -> StoreError:
    return StoreError("failed" if word == "lost" else word, "as the scenario says")  # type: ignore[arg-type]


def payment_path(given: dict[str, Any]) -> PaymentPath:
    path, pay = given["path"], given["payinfo"]
    begin = path["introduction"]
    hops = [
        BlindedHop(
            blinded_node_id=hop["blindedNodeId"],
            encrypted_recipient_data=bytes.fromhex(hop["encryptedRecipientData"]),
        )
        for hop in path["hops"]
    ]
    introduction = (
        Introduction.NODE_ID(begin)
        if isinstance(begin, str)
        else Introduction.SCID(direction=begin["direction"], scid=int(begin["scid"]))
    )
    return PaymentPath(
        path=BlindedPath(introduction=introduction, path_key=path["pathKey"], hops=hops),
        payinfo=PayInfo(**{snake(name): value for name, value in pay.items()}),
    )


def route(given: dict[str, Any]) -> Route:
    reply = given.get("reply", {"kind": "none"})
    named = {snake(name): value for name, value in reply.items() if name != "kind"}
    return Route(
        via=given.get("via", []),
        connect=given.get("connect", []),
        own_node=given.get("ownNode", False),
        reply=getattr(ReplyPath, reply["kind"].upper())(**named),
    )


def snake(name: str) -> str:
    return re.sub("[A-Z]", lambda letter: "_" + letter[0].lower(), name)
