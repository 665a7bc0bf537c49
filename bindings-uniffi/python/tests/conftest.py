"""Tests that are coroutines run in a loop of their own, and every test has to end."""

from __future__ import annotations

import asyncio
import inspect
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

LIMIT = 60
"""How long a coroutine may take, in seconds."""

ALARM = 120
"""How long any test may take; those that block get no chance to look at the time."""


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool:
    names = pyfuncitem._fixtureinfo.argnames
    given: dict[str, Any] = {name: pyfuncitem.funcargs[name] for name in names}
    with alarm():
        if inspect.iscoroutinefunction(pyfuncitem.obj):
            asyncio.run(asyncio.wait_for(pyfuncitem.obj(**given), LIMIT))
        else:
            pyfuncitem.obj(**given)
    return True


@contextmanager
def alarm() -> Iterator[None]:
    def ring(*_: object) -> None:
        raise TimeoutError(f"it took longer than {ALARM} s")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, ALARM)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
