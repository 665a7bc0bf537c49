"""Each action is begun, and is over when all lines of the golden transcript that follow from it are there."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

from invreq import InvreqError, Payee, answer, decode, verify

from . import lines
from .host import Stage, World, payment_path, snake
from .transcript import Transcript

START_MS = 1_700_000_000_000


async def run_scenario(
    scenario: dict[str, Any], names: dict[str, Any], golden: str, see: Callable[[object], object]
) -> None:
    """Runs it, and raises where it differs from the golden transcript; `see` is given every event and every error."""
    await Run(scenario, names, golden, see).run()


class Run:
    def __init__(
        self, scenario: dict[str, Any], names: dict[str, Any], golden: str, see: Callable[[object], object]
    ) -> None:
        self.scenario, self.names, self.see = scenario, names, see
        self.transcript = Transcript(golden)
        says = self.fill(names["defaults"])
        self.door = says.pop("open")
        says["ecdh"] = names.get("ecdh", {})
        self.world = World(self.transcript, says, scenario.get("nowMs", START_MS))
        self.stages: dict[str, Stage] = {}
        self.payees: dict[str, Payee] = {}
        self.hashes: dict[str, str] = {}
        self.calls: dict[int, asyncio.Future[str]] = {}
        self.kept: dict[bytes, bytes] = {}

    async def run(self) -> None:
        for number, action in enumerate(self.scenario["do"], 1):
            self.world.action = number
            what, name = action["do"], action.get("payee", "a")
            given = {key: value for key, value in action.items() if key not in ("do", "payee", "expect")}
            await self.transcript.write(f"> {number} {what}")
            door = self.door if what == "open" else {}
            self.begin(number, what, name, self.fill({**door, **given}))
            await self.transcript.finish(number)
        for payee in self.payees.values():
            await payee.close()

    def begin(self, number: int, what: str, name: str, given: dict[str, Any]) -> None:
        world = self.world
        if what == "crash":
            self.stages[name].is_gone = True
            asyncio.ensure_future(self._close_quietly(self.payees.pop(name)))  # noqa: RUF006
        elif what == "keepStore":
            self.kept = dict(world.data)
        elif what == "putBackStore":
            world.data = dict(self.kept)
        elif what == "clock":
            world.go(given["addMs"])
        elif what in ("source", "transport", "signer", "store"):
            world.says[what].update(given)
        elif what == "arrive":
            world.arrived.put_nowait(given)
        elif what == "release":
            world.held.pop(0).set_result(given.get("say", ""))
        elif what == "cancel":
            self.calls[given["call"]].cancel()
        else:
            if what == "open":
                self.stages[name] = Stage(world, name)
            stage = self.stages.get(name) or Stage(world, name)
            self.calls[number] = asyncio.ensure_future(self.call(what, name, given))
            asyncio.ensure_future(self.reply(number, stage))  # noqa: RUF006

    async def reply(self, number: int, stage: Stage) -> None:
        try:
            said = await self.calls[number]
        except asyncio.CancelledError:
            said = "cancelled"
        except InvreqError as error:
            self.see(error)
            said = lines.error(error)
        await stage.line(f"done {number} {said}")

    async def call(self, what: str, name: str, given: dict[str, Any]) -> str:
        named = {snake(key): value for key, value in given.items()}
        if what == "open":
            return await self.open(name, named)
        if what == "decode":
            return lines.decoded(decode(named.pop("text"), **named))
        if what == "verify":
            return lines.verified(verify(named["text"]))
        if what == "answer":
            named["paths"] = [payment_path(path) for path in named["paths"]]
            return answer(**{**named, "secret_key": bytes.fromhex(named["secret_key"])})
        payee = self.payees[name]
        if what == "listInvoices":
            return lines.page(await payee.list_invoices(**named).page())
        if what == "claim":
            approval = await payee.claim(**named)
            return f"{lines.settle(approval.preimage)} {lines.record(approval.record)}"
        if what in ("receiveOnionMessage", "receiveInvoiceError"):
            data = bytes.fromhex(named.pop("bytes"))
            if what == "receiveOnionMessage":
                await payee.receive_onion_message(data, **named)
            else:
                await payee.receive_invoice_error(bytes.fromhex(named["reply_to"]), data)
            return "ok"
        method: Callable[..., Awaitable[Any]] = getattr(payee, snake(what))
        said = await method(**named)
        show: dict[str, Callable[[Any], str]] = {
            "preview": lines.preview,
            "judge": lines.verdict,
            "ignoredReplies": str,
            "replyNodeId": str,
            "resume": lambda _: "ok",
            "close": lambda _: "ok",
        }
        return show.get(what, lines.done)(said)

    async def open(self, name: str, given: dict[str, Any]) -> str:
        stage = self.stages[name]

        def on_event(event: Any) -> None:
            self.see(event)
            if event.record is not None:
                self.hashes[event.record.label] = event.record.payment_hash
            stage.hand_in(lines.event(event))

        self.payees[name] = await Payee.open(
            network=given["network"],
            wallet_id=given["wallet_id"],
            seed=bytes.fromhex(given["seed"]),
            store=stage,
            source=stage,
            transport=stage,
            signer=stage,
            clock=stage,
            entropy=stage.entropy,
            on_event=on_event,
        )
        return "ok"

    def fill(self, value: Any) -> Any:
        """Replaces every `@name` by what it stands for, and every `$name` by what was seen."""
        if isinstance(value, str) and value.startswith("@"):
            return self.fill(self.names[value[1:]])
        if isinstance(value, str) and value.startswith("$"):
            copy = self.world.deliveries.get(value[1:])
            seen = self.hashes.get(value[1:])
            return copy.reply_path_id.hex() if seen is None and copy and copy.reply_path_id else seen
        if isinstance(value, list):
            return [self.fill(each) for each in value]
        if isinstance(value, dict):
            return {
                self.names[key[1:]] if key.startswith("@") else key: self.fill(each)
                for key, each in value.items()
            }
        return value

    async def _close_quietly(self, payee: Payee) -> None:
        with contextlib.suppress(InvreqError):
            await payee.close()
