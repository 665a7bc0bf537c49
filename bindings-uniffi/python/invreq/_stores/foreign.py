"""A store of Python as the core sees it, and what the core does with a whole store."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar, cast

from .. import _check as check
from .. import _glue as glue
from .._ffi import invreq as ffi
from .._payee.hosts import Part
from .._payee.threads import Threads
from .._store_error import from_core, to_core
from .._types import Batch
from ..host import Store

T = TypeVar("T")


async def export_wallet(store: Store, *, wallet_id: str = "main") -> bytes:
    """Everything a store holds of a wallet, for `import_wallet`.

    The dump is checksummed, and as secret as the store: it is not encrypted. It shows one moment. Where the wallet is written meanwhile
    it is read again, and after three times it raises a `conflict`; so it is best made while the wallet is closed. An older dump loses
    what came after it, and nothing else: no secret is ever used twice.

    Raises a `StoreError`: a `foreign` one where there is no such wallet. What is no store or no wallet id is `InvalidParameter`.
    """
    host, place = HostStore(store), glue.wallet_id(wallet_id)
    exported: Any = await _blocking(lambda: ffi.export_wallet(host, place))
    if exported.kind == "failed":
        raise from_core(exported.error)
    dump: bytes = exported.dump
    return dump


async def import_wallet(store: Store, dump: bytes, *, wallet_id: str = "main") -> None:
    """Writes a dump of `export_wallet` into a store that holds nothing of the wallet yet.

    The dump is examined as a whole before anything is written: a damaged one is `corrupt`, one of another format or a later version
    `foreign`. Where the store holds something of the wallet, it raises a `conflict`. A large dump takes several writes; where one of them
    fails, the wallet cannot be opened until the same dump is imported once more, which then takes it up.

    Raises a `StoreError`; what is no store, dump or wallet id is `InvalidParameter`.
    """
    host, place = HostStore(store), glue.wallet_id(wallet_id)
    given = check.octets(dump, "dump", most=1 << 31)
    error = await _blocking(lambda: ffi.import_wallet(host, place, given))
    if error is not None:
        raise from_core(error)


class HostStore(ffi.HostStore):
    """Calls a store in its event loop, from a thread that waits for it."""

    def __init__(self, store: object) -> None:
        self._loop = asyncio.get_running_loop()
        part = Part(store, "store")
        self._methods = {name: part.required(name) for name in ("range", "write", "close")}

    def range(self, start: bytes, end: bytes, limit: int) -> Any:
        """Reads entries."""
        try:
            return ffi.StoreRead.ENTRIES(self._wait("range", start, end, limit))
        except Exception as error:
            return ffi.StoreRead.FAILED(to_core(error))

    def write(self, batch: Batch) -> Any:
        """Writes a batch, or says why not."""
        return self._try("write", batch)

    def close(self) -> Any:
        """Closes the handle, or says why not."""
        return self._try("close")

    def _try(self, name: str, *args: Any) -> Any:
        try:
            self._wait(name, *args)
        except Exception as error:
            return to_core(error)
        return None

    def _wait(self, name: str, *args: Any) -> Any:
        async def called() -> Any:
            return await self._methods[name](*args)

        return asyncio.run_coroutine_threadsafe(called(), self._loop).result()


async def _blocking(work: Callable[[], T]) -> T:
    """Does something in the core that calls back into this loop."""
    return cast(T, await Threads("core", 1).run(lambda: glue.call(work)))
