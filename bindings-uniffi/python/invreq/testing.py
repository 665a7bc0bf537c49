"""For tests of an app: whether a store of its own keeps the contract."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from ._ffi import invreq as ffi
from ._glue import call
from ._store_error import to_core
from ._stores.foreign import HostStore
from ._types import ConformanceCheck
from .host import Store


async def store_conformance(
    open_store: Callable[[str], Awaitable[Store]], *, durable: bool = True, shared: bool = True
) -> list[ConformanceCheck]:
    """Makes every check of the suite that the library's own stores pass, and says what came out of each.

    `open_store` opens the data of a name, which is made of small letters and hyphens: nothing at first, and the same data again under
    the same name. `durable` says whether the data outlives the last handle on it, `shared` whether it can be open more than once at a
    time. A check in which the store failed has the reason in `failed`; one that does not apply says why in `skipped`.
    """
    opener = _Stores(open_store)
    return await asyncio.to_thread(call, ffi.store_conformance, opener, durable, shared)


class _Stores(ffi.HostStores):
    def __init__(self, open_store: Callable[[str], Awaitable[Store]]) -> None:
        self._loop = asyncio.get_running_loop()
        self._open = open_store

    def open(self, name: str) -> Any:
        async def opened() -> HostStore:
            return HostStore(await self._open(name))

        try:
            store = asyncio.run_coroutine_threadsafe(opened(), self._loop).result()
            return ffi.HostStoreOpened.STORE(store)
        except Exception as error:
            return ffi.HostStoreOpened.FAILED(to_core(error))


__all__ = ["ConformanceCheck", "store_conformance"]
