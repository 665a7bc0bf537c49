"""Every code of the core is an exception of its own."""

from __future__ import annotations

import pickle

import pytest
from stage import vectors

import invreq
from invreq import Field, InvreqError, errors
from invreq._ffi import invreq as ffi

TABLE = ffi.error_codes()


def test_there_is_an_exception_for_each_code_and_no_other() -> None:
    assert {info.name for info in TABLE} == set(InvreqError.BY_CODE)
    assert len(TABLE) > 60


@pytest.mark.parametrize("info", TABLE, ids=lambda info: info.name)
def test_the_exception_of_a_code(info: ffi.ErrorCodeInfo) -> None:
    kind = InvreqError.BY_CODE[info.name]
    assert kind is getattr(errors, "".join(word.capitalize() for word in info.name.split("_")))
    assert (kind.code, kind.rpc_code, kind.retryable) == (info.name, info.rpc_code, info.retryable)
    assert kind.__doc__ is not None
    assert kind.__doc__.lower() == f"{info.meaning}.".lower()
    # As it comes from the core.
    error = ffi.error_details(info.code, "one sentence for a person")
    assert type(error) is kind
    assert (error.code, error.rpc_code, error.retryable) == (info.name, info.rpc_code, info.retryable)
    assert str(error) == error.message == "one sentence for a person"
    assert (error.field, error.rule, error.section, error.record) == (None, None, None, None)
    with pytest.raises(InvreqError):
        raise error
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), again.retryable) == (kind, str(error), error.retryable)


def test_an_error_of_a_message_names_its_field_and_its_rule() -> None:
    cases = vectors("bolts/bolt12/offers-test.json")
    [text] = [case["bolt12"] for case in cases if case["description"] == "Malformed: fields out of order"]
    with pytest.raises(errors.TlvNotAscending) as unordered:
        invreq.decode(text)
    error = unordered.value
    assert error.field == Field(number=10, name="offer_description")
    assert (error.rule, error.section) == ("tlv-ascending", "BOLT 1, Type-Length-Value Format")
    assert not error.retryable
