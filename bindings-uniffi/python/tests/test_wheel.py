"""The wheel as a user gets it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from stage import REFUND, ROOT

USE = f"""
import asyncio

import invreq
from invreq import Event, MemoryStore, Payee, Record, errors

REFUND = "{REFUND}"


def summary(text: str) -> str:
    try:
        return invreq.decode(text).summary
    except errors.InvalidPrefix as error:
        return error.code


def seen(event: invreq.PayeeEvent) -> Record | None:
    match event:
        case Event.PAID(record=record):
            return record
        case invreq.Missed(count=count):
            print(count + 1)
        case _:
            pass
    return None


async def main() -> None:
    class Host:
        async def create_inbound_payment(self, request: invreq.InboundPaymentRequest) -> invreq.InboundPayment:
            raise RuntimeError("no node")

        async def send(self, delivery: invreq.Delivery) -> invreq.SendOutcome:
            return invreq.SendOutcome.OFFLINE

    payee = await Payee.open(
        network="bitcoin", store=MemoryStore(), source=Host(), transport=Host(), seed=bytes(32), on_event=seen
    )
    async with payee:
        try:
            await payee.send_invoice(REFUND, "a")
        except errors.SourceFailed as error:
            print(error)


class Blocking:
    def create_inbound_payment(self, request: invreq.InboundPaymentRequest) -> invreq.InboundPayment:
        raise RuntimeError("no node")

    def send(self, delivery: invreq.Delivery) -> invreq.SendOutcome:
        return invreq.SendOutcome.OFFLINE


with invreq.SyncPayee.open(
    network="bitcoin", store=MemoryStore(), source=Blocking(), transport=Blocking(), seed=bytes(32)
) as sync:
    amount: int | None = sync.preview(REFUND).amount_msat
    records: list[Record] = list(sync.list_invoices(status="paid"))
    assert (amount, records) == (20_000_001, [])

print(invreq.__file__)
print(summary(REFUND), summary("no"))
asyncio.run(main())
"""


@pytest.fixture(scope="module")
def wheel() -> Path:
    return Path(os.environ["INVREQ_WHEEL"])


def test_its_tags(wheel: Path) -> None:
    assert re.fullmatch(r"invreq-[0-9.]+-py3-none-(manylinux|macosx|win)\w+\.whl", wheel.name)
    text = metadata(wheel, "METADATA")
    assert "Requires-Python: >=3.10" in text
    assert "License-Expression: MIT OR Apache-2.0" in text
    assert "Root-Is-Purelib: false" in metadata(wheel, "WHEEL")


def test_what_is_in_it(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    modules = [name for name in names if name.startswith("invreq/")]
    assert {"invreq/py.typed", "invreq/_ffi/invreq.py", "invreq/_ffi/invreq.pyi", "invreq/errors.py"} <= set(
        names
    )
    kinds = {Path(name).suffix for name in modules}
    assert kinds <= {".py", ".pyi", ".typed", ".so", ".dylib", ".dll"}
    assert len([name for name in modules if Path(name).suffix in (".so", ".dylib", ".dll")]) == 1
    about = [name for name in names if name not in modules]
    licences = {Path(name).name for name in about if "/licenses/" in name}
    assert licences == {"LICENSE-MIT", "LICENSE-APACHE"}
    others = {Path(name).name for name in about if "/licenses/" not in name}
    assert {"METADATA", "RECORD", "WHEEL"} <= others
    assert all("test" not in name and "bench" not in name for name in names if name != "invreq/testing.py")


def test_what_it_weighs(wheel: Path) -> None:
    sizes = {info.filename: info.file_size for info in zipfile.ZipFile(wheel).infolist()}
    [library] = [size for name, size in sizes.items() if Path(name).suffix in (".so", ".dylib", ".dll")]
    assert library <= 4 << 20


def test_nothing_of_this_machine_is_in_it(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    folders = [str(Path.home()).encode(), str(ROOT).encode()]
    for name in archive.namelist():
        # In the library stand the paths of the sources, as in every library that Rust makes.
        if not name.endswith((".so", ".dylib", ".dll")):
            assert not any(folder in archive.read(name) for folder in folders), name


def test_installed_into_a_fresh_venv_it_works_from_anywhere(wheel: Path, tmp_path: Path) -> None:
    venv = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
    python = venv / ("Scripts" if os.name == "nt" else "bin") / "python"
    install = [str(python), "-m", "pip", "install", "--quiet", "--no-index", "--disable-pip-version-check"]
    subprocess.run([*install, str(wheel)], check=True)
    use = tmp_path / "use.py"
    use.write_text(USE)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    words = [str(python), "-W", "error", str(use)]
    done = subprocess.run(
        words, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    where, said, failed = done.stdout.splitlines()
    assert Path(where).is_relative_to(venv)
    assert said == "A payer asks for an invoice over 20,000.001 sat, for “ATM withdrawal”. invalid_prefix"
    assert "no node" in failed
    # A type checker finds its types there.
    for checker in (
        ["mypy", "--strict", "--python-executable", str(python), str(use)],
        ["pyright", "--pythonpath", str(python), str(use)],
    ):
        checked = subprocess.run(
            [sys.executable, "-m", *checker],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert checked.returncode == 0, checked.stdout


def metadata(wheel: Path, name: str) -> str:
    archive = zipfile.ZipFile(wheel)
    [found] = [each for each in archive.namelist() if each.endswith(f".dist-info/{name}")]
    return archive.read(found).decode()
