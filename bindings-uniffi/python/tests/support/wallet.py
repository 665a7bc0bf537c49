"""A wallet in a process of its own, to be killed: `wallet.py FILE REQUEST [resend]`.

It answers the request, or takes up where it left off, and prints every event and the end, each as a line of JSON.
Seed, label and times are those of tests/lightning/src/bin/crash-client.rs.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

from my_node import MyNode

from invreq import InvreqError, Payee, SqliteStore, TcpTransport


def tell(what: Any) -> None:
    print(json.dumps(what), flush=True)


def on_event(event: Any) -> None:
    state = f" {event.record.delivery.state.name.lower()}" if event.kind == "delivery" else ""
    tell(event.kind + state)


async def main(file: str, request: str, *more: str) -> None:
    async with await MyNode.connect() as node:
        payee = await Payee.open(
            network=node.network,
            store=await SqliteStore.open(file),
            source=node,
            transport=TcpTransport(network=node.network, directory=node),
            seed=node.seed,
            on_event=on_event,
        )
        async with payee:
            node.serve(payee)
            try:
                if more == ("resend",):
                    await payee.resend("crash")
                    record = await payee.wait_invoice("crash")
                else:
                    record = await payee.send_invoice(
                        request, "crash", timeout=30, expiry=600, existing="join"
                    )
                tell({"status": record.status.name.lower(), "rpc": record.to_rpc()})
            except InvreqError as error:
                tell({"error": error.code, "rpc_code": error.rpc_code, "message": str(error)})


asyncio.run(main(*sys.argv[1:]))
