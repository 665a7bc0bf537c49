"""Claims a refund: answers a request, `lnr1…`, and waits until it is paid.

    python claim_refund.py REQUEST WALLET_FILE

Killed at any moment and started again, it takes up where it left off: nothing is paid twice, and nothing is lost.
"""

import asyncio
import sys

from my_node import MyNode  # your Lightning node or service; the tests have one that plays it

from invreq import InvreqError, Payee, SqliteStore, TcpTransport


async def main(request: str, file: str) -> None:
    """The whole story."""
    async with await MyNode.connect() as node:
        payee = await Payee.open(
            network=node.network,
            store=await SqliteStore.open(file),
            source=node,  # makes the paths the money comes in by
            transport=TcpTransport(network=node.network, directory=node),  # takes the invoice to the payer
            seed=node.seed,  # 32 bytes the wallet uses for nothing else
            on_event=lambda event: print(event.kind, flush=True),
        )
        async with payee:
            node.serve(payee)  # tells the payee of payments: payee.judge(...) and payee.payment_received(...)
            preview = await payee.preview(request)
            print(f"a refund of {preview.amount_msat} msat: {preview.description}", flush=True)
            try:
                record = await payee.send_invoice(request, "refund", timeout=60, expiry=3600, existing="join")
                print(f"paid: {record.to_rpc()}")
            except InvreqError as error:
                print(f"{error.code}: {error}")


asyncio.run(main(*sys.argv[1:]))
