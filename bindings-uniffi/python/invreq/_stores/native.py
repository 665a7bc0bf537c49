"""The stores of the core."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

from .. import _check as check
from .. import errors
from .._ffi import invreq as ffi
from .._glue import call
from .._store_error import StoreError, from_core
from .._types import Batch, Entry

P = ParamSpec("P")
T = TypeVar("T")

MAX_LEN = 8 << 20
"""More than any key or batch may have: the core has the last word."""


class MemoryStore:
    """A store that forgets everything at the end of the process: for tests, and for a first try."""

    def __init__(self) -> None:
        """An empty store."""
        self._native = call(ffi.open_memory_store)

    async def range(self, start: bytes, end: bytes, limit: int) -> list[Entry]:
        """The first `limit` entries with `start <= key < end`, in ascending order. Raises a `StoreError`."""
        return _range(self._native, *_bounds(start, end, limit))

    async def write(self, batch: Batch) -> None:
        """Does everything in the batch, or nothing. Raises a `StoreError`."""
        _write(self._native, _batch(batch))

    async def close(self) -> None:
        """Closes this handle. Calls made after it raise `closed`."""
        _raise(call(self._native.close))

    def reopened(self) -> MemoryStore:
        """Another handle on the same data, open though this one may be closed: as after a restart."""
        store = MemoryStore()
        again = call(self._native.reopen)
        assert again is not None, "a store in memory can be opened again"  # noqa: S101 - the core promises it
        store._native = again
        return store


class SqliteStore:
    """A durable store in one SQLite file: the same file that the Rust library and the npm package write.

    The file is in WAL mode, so `-wal` and `-shm` files stand beside it while it is open; it belongs on a local disk. Several processes
    can have the same file open, and stay right. Which of them sends cannot be chosen, so a copy may leave twice; a wait in one of them
    ends when it next reads the store, as in `resume`. See docs/STORE.md, "Several processes". Reads and writes are made on a thread of
    the store's own.
    """

    @classmethod
    async def open(cls, path: str | os.PathLike[str]) -> SqliteStore:
        """Opens the store in this file, which is made where it does not exist; its folder must exist.

        Raises a `StoreError`: `foreign`, and leaves the file as it is, where it holds something else; `read_only` where it may not be
        written, `corrupt` where it is damaged, and `failed` otherwise.
        """
        given = _path(path)
        store = cls()
        try:
            store._native = await store._run(lambda: _opened(given))
        except BaseException:
            store._executor.shutdown(wait=False)
            raise
        return store

    @classmethod
    def open_sync(cls, path: str | os.PathLike[str]) -> SqliteStore:
        """As `open`, for a `SyncPayee`: it blocks until the file is open."""
        store = cls()
        store._native = _opened(_path(path))
        return store

    def __init__(self) -> None:
        """Use `SqliteStore.open`."""
        self._native: Any = None
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="invreq-sqlite")
        self._closing: asyncio.Future[None] | None = None

    async def range(self, start: bytes, end: bytes, limit: int) -> list[Entry]:
        """The first `limit` entries with `start <= key < end`, in ascending order. Raises a `StoreError`."""
        bounds = _bounds(start, end, limit)
        return await self._run(lambda: _range(self._native, *bounds))

    async def write(self, batch: Batch) -> None:
        """Does everything in the batch, or nothing; durable when it returns. Raises a `StoreError`."""
        given = _batch(batch)
        await self._run(lambda: _write(self._native, given))

    async def close(self) -> None:
        """Waits for the calls under way and closes the file. Others who have it open keep it."""
        if self._closing is None:
            self._closing = asyncio.ensure_future(self._close())
        await asyncio.shield(self._closing)

    async def _close(self) -> None:
        try:
            await self._run(lambda: _raise(call(self._native.close)))
        finally:
            self._executor.shutdown(wait=False)

    async def _run(self, work: Callable[[], T]) -> T:
        try:
            running = asyncio.get_running_loop().run_in_executor(self._executor, work)
        except RuntimeError:
            raise StoreError("closed") from None
        # A write that was begun is done, whoever waits for it.
        return await asyncio.shield(running)


def _opened(path: str) -> ffi.NativeStore:
    opened: Any = call(ffi.open_sqlite_store, path)
    if opened.kind == "failed":
        raise from_core(opened.error)
    store: ffi.NativeStore = opened.store
    return store


def _path(path: object) -> str:
    try:
        given = os.fspath(path)  # type: ignore[call-overload]
    except TypeError as error:
        raise check.invalid("path has to be a str or a path") from error
    return check.text(given, "path", 4096)


def _bounds(start: bytes, end: bytes, limit: int) -> tuple[bytes, bytes, int]:
    try:
        bounds = check.octets(start, "start", most=MAX_LEN), check.octets(end, "end", most=MAX_LEN)
        return *bounds, min(check.u64(limit, "limit"), 0xFFFF_FFFF)
    except errors.InvalidParameter as error:
        raise StoreError("invalid", str(error)) from error


def _batch(batch: Batch) -> Batch:
    """A batch that can cross: what it says, the core checks."""

    def keys(value: object, what: str) -> list[bytes]:
        return check.items(value, what, 1 << 20, lambda key, what: check.octets(key, what, most=MAX_LEN))

    def entry(value: Any, what: str) -> Entry:
        given = check.instance(value, what, Entry)
        key = check.octets(given.key, f"{what}.key", most=MAX_LEN)
        return Entry(key=key, value=check.octets(given.value, f"{what}.value", most=MAX_LEN))

    try:
        given = check.instance(batch, "the batch", Batch)
        return Batch(
            puts=check.items(given.puts, "puts", 1 << 20, entry),
            deletes=keys(given.deletes, "deletes"),
            absent=keys(given.absent, "absent"),
            revision_key=check.octets(given.revision_key, "revision_key", most=MAX_LEN),
            revision=check.u64(given.revision, "revision"),
        )
    except errors.InvalidParameter as error:
        raise StoreError("invalid", str(error)) from error


def _range(native: ffi.NativeStore, start: bytes, end: bytes, limit: int) -> list[Entry]:
    read: Any = _crossing(native.range, start, end, limit)
    if read.kind == "failed":
        raise from_core(read.error)
    entries: list[Entry] = read.entries
    return entries


def _write(native: ffi.NativeStore, batch: Batch) -> None:
    _raise(_crossing(native.write, batch))


def _crossing(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Calls the core. What it cannot take breaks the contract of a store."""
    try:
        return call(work, *args, **kwargs)
    except errors.InvalidParameter as error:
        raise StoreError("invalid", str(error)) from error


def _raise(error: ffi.StoreError | None) -> None:
    if error is not None:
        raise from_core(error)
