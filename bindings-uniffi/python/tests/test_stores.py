"""The stores keep the contract, and whole wallets move between them."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from stage import StageStore, opened

from invreq import (
    Batch,
    Entry,
    MemoryStore,
    SqliteStore,
    Store,
    StoreError,
    errors,
    export_wallet,
    import_wallet,
)
from invreq.testing import store_conformance


async def test_the_memory_store_keeps_the_contract() -> None:
    stores: dict[str, MemoryStore] = {}

    async def open_store(name: str) -> Store:
        stores[name] = stores[name].reopened() if name in stores else MemoryStore()
        return stores[name]

    checks = await store_conformance(open_store)
    assert len(checks) > 20
    assert [check for check in checks if check.failed or check.skipped] == []


async def test_the_sqlite_store_keeps_the_contract(tmp_path: Path) -> None:
    async def open_store(name: str) -> Store:
        return await SqliteStore.open(tmp_path / name)

    checks = await store_conformance(open_store)
    assert len(checks) > 20
    assert [check for check in checks if check.failed or check.skipped] == []


async def test_a_store_that_breaks_the_contract_is_found_out() -> None:
    class Forgetful(StageStore):
        async def write(self, batch: Batch) -> None:
            await super().write(Batch(**{**vars(batch), "deletes": []}))

    stores: dict[str, Forgetful] = {}

    async def open_store(name: str) -> Store:
        stores[name] = Forgetful(stores[name].data if name in stores else None)
        return stores[name]

    checks = await store_conformance(open_store, durable=True, shared=False)
    assert any(check.failed for check in checks)
    assert any(check.skipped for check in checks)


async def test_a_file_that_is_something_else_is_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "letter"
    file.write_text("Dear payer, " * 100)
    with pytest.raises(StoreError) as foreign:
        await SqliteStore.open(file)
    assert foreign.value.kind == "foreign"
    assert file.read_text().startswith("Dear payer")
    with pytest.raises(StoreError) as missing:
        await SqliteStore.open(tmp_path / "no" / "folder")
    assert missing.value.kind == "failed"
    for path in (None, 1, "a\0b", "\ud800", b"bytes"):
        with pytest.raises((StoreError, errors.InvalidParameter)):
            await SqliteStore.open(path)  # type: ignore[arg-type]


async def test_what_is_no_batch_is_invalid() -> None:
    store = MemoryStore()
    for wrong in (None, 1, "batch", Batch(puts=[None], deletes=[], absent=[], revision_key=b"k", revision=1)):  # type: ignore[list-item]
        with pytest.raises(StoreError) as invalid:
            await store.write(wrong)  # type: ignore[arg-type]
        assert invalid.value.kind == "invalid"
    with pytest.raises(StoreError):
        await store.range("a", b"b", 1)  # type: ignore[arg-type]
    await store.close()
    with pytest.raises(StoreError) as closed:
        await store.range(b"a", b"b", 1)
    assert closed.value.kind == "closed"


async def test_a_conflict_names_the_key_that_is_present() -> None:
    store = MemoryStore()
    first = Batch(puts=[Entry(key=b"a", value=b"1")], deletes=[], absent=[], revision_key=b"r", revision=1)
    await store.write(first)
    with pytest.raises(StoreError) as conflict:
        await store.write(first)
    assert (conflict.value.kind, conflict.value.present) == ("conflict", None)
    with pytest.raises(StoreError) as conflict:
        await store.write(Batch(puts=[], deletes=[], absent=[b"a"], revision_key=b"r", revision=2))
    assert (conflict.value.kind, conflict.value.present) == ("conflict", b"a")


async def test_a_wallet_moves_from_one_store_to_another(tmp_path: Path) -> None:
    memory = MemoryStore()
    async with opened(store=memory) as stage:
        (await stage.send("a", expiry=3600)).cancel()
    dump = await export_wallet(memory.reopened())
    file = await SqliteStore.open(tmp_path / "wallet")
    await import_wallet(file, dump)
    with pytest.raises(StoreError) as conflict:
        await import_wallet(file, dump)
    assert conflict.value.kind == "conflict"
    async with opened(store=file) as stage:
        assert (await stage.get("a")).label == "a"
    with pytest.raises(StoreError) as damaged:
        await import_wallet(MemoryStore(), dump[:-1])
    assert damaged.value.kind == "corrupt"
    with pytest.raises(StoreError) as foreign:
        await import_wallet(MemoryStore(), b"no dump")
    assert foreign.value.kind == "foreign"
    for wrong in (None, "dump", 1):
        with pytest.raises(errors.InvalidParameter):
            await import_wallet(MemoryStore(), wrong)  # type: ignore[arg-type]
    with pytest.raises(StoreError) as missing:
        await export_wallet(memory.reopened(), wallet_id="typo")
    assert missing.value.kind == "foreign"
    with pytest.raises(errors.InvalidParameter):
        await export_wallet(None)  # type: ignore[arg-type]
    for place in ("", "../x", "x" * 65, "\ud800", "a\0b", None, 1):
        with pytest.raises(errors.InvalidParameter):
            await export_wallet(memory.reopened(), wallet_id=place)  # type: ignore[arg-type]
        with pytest.raises(errors.InvalidParameter):
            await import_wallet(MemoryStore(), dump, wallet_id=place)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "code", "retryable"),
    [
        ("full", "store_failed", True),
        ("read_only", "store_failed", False),
        ("failed", "store_failed", True),
        ("corrupt", "store_corrupt", False),
        ("foreign", "wrong_store", False),
        ("invalid", "internal", False),
        ("closed", "store_failed", False),
    ],
)
async def test_what_a_store_raises_becomes_an_error_of_the_call(
    kind: str, code: str, retryable: bool
) -> None:
    async with opened() as stage:

        def fail(batch: object) -> None:
            raise StoreError(kind, "as the test says")  # type: ignore[arg-type]

        stage.store.before = fail
        with pytest.raises(errors.InvreqError) as raised:
            await (await stage.send("a"))
        assert (raised.value.code, raised.value.retryable) == (code, retryable)
        assert isinstance(raised.value.__cause__, StoreError)
        assert str(raised.value) == str(raised.value.__cause__)
        stage.store.before = lambda batch: None


async def test_calls_of_a_closed_file_are_refused_while_others_go_on(tmp_path: Path) -> None:
    one = await SqliteStore.open(tmp_path / "wallet")
    two = await SqliteStore.open(tmp_path / "wallet")
    await asyncio.gather(one.close(), one.close())
    with pytest.raises(StoreError) as closed:
        await one.range(b"a", b"b", 1)
    assert closed.value.kind == "closed"
    assert await two.range(b"a", b"b", 1) == []
    await two.close()
