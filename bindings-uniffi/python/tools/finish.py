"""Finishes a wheel of maturin: `python finish.py WHEEL FOLDER`.

It strips the library, from whose symbols the glue was made, writes the stub of the glue, and packs the wheel again into the folder. The glue
is copied beside the sources as well, where tests and type checkers look for it.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import stubs

PACKAGE = Path(__file__).resolve().parents[1] / "invreq"
ROOT = Path(__file__).resolve().parents[3]


def main(wheel: str, folder: str) -> None:
    """Finishes the wheel."""
    with tempfile.TemporaryDirectory() as scratch:
        run("wheel", "unpack", "--dest", scratch, wheel)
        [tree] = Path(scratch).iterdir()
        glue = tree / "invreq" / "_ffi"
        stubs.main(str(glue / "invreq.py"), str(glue / "invreq.pyi"))
        for library in [*glue.glob("*.so"), *glue.glob("*.dylib")]:
            strip(library)
        for bill in tree.glob("*.dist-info/sboms/*.json"):
            # It names where the sources lay, which is nobody's business.
            bill.write_text(bill.read_text().replace(ROOT.as_posix(), "/invreq"))
        shutil.copytree(glue, PACKAGE / "_ffi", dirs_exist_ok=True)
        Path(folder).mkdir(parents=True, exist_ok=True)
        for old in Path(folder).glob("*.whl"):
            old.unlink()
        run("wheel", "pack", "--dest-dir", folder, str(tree))


def run(module: str, *words: str) -> None:
    """Runs a module of this Python."""
    subprocess.run([sys.executable, "-m", module, *words], check=True, stdout=subprocess.DEVNULL)


def strip(library: Path) -> None:
    """Takes out what only a debugger reads. The functions the glue calls stay."""
    flag = "-x" if library.suffix == ".dylib" else "--strip-unneeded"
    subprocess.run(["strip", flag, str(library)], check=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
