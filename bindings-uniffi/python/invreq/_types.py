"""The types of the core, as the generated module has them."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from . import _check as check
from . import errors
from ._error import InvreqError
from ._ffi import invreq as ffi
from ._glue import call
from ._shape import shape

Network: TypeAlias = Literal["bitcoin", "testnet", "testnet4", "signet", "regtest"]
"""A network."""


def _error(
    *,
    code: ffi.ErrorCode,
    rpc_code: int,
    message: str,
    field: Any,
    rule: str | None,
    section: str | None,
    retryable: bool,
    record: Any,
) -> InvreqError:
    """What the core says about an error becomes the exception of its code."""
    kind = InvreqError.BY_CODE.get(code.name.lower(), errors.Internal)
    return kind(
        message,
        rpc_code=rpc_code,
        field=field,
        rule=rule,
        section=section,
        retryable=retryable,
        record=record,
    )


shape(ffi)
# Wherever the core gives an error, Python has an exception from the start.
setattr(ffi, "ErrorDetails", _error)

Batch = ffi.Batch
BlindedHop = ffi.BlindedHop
BlindedPath = ffi.BlindedPath
Category = ffi.Category
Claim = ffi.Claim
ClaimApproval = ffi.ClaimApproval
ConformanceCheck = ffi.ConformanceCheck
Decoded = ffi.Decoded
DecodedField = ffi.DecodedField
Delivery = ffi.Delivery
DeliveryReport = ffi.DeliveryReport
DeliveryState = ffi.DeliveryState
Effects = ffi.Committed.EFFECTS
Entry = ffi.Entry
ErrorCodeInfo = ffi.ErrorCodeInfo
Event = ffi.Event
Existing = ffi.Existing
Field = ffi.Field
InboundPayment = ffi.InboundPayment
InboundPaymentRequest = ffi.InboundPaymentRequest
Input = ffi.Input
Introduction = ffi.Introduction
Kind = ffi.Kind
ListIndex = ffi.ListIndex
ListInvoices = ffi.ListInvoices
OnionPacket = ffi.OnionPacket
Page = ffi.Page
PathOutcome = ffi.PathOutcome
PathReport = ffi.PathReport
PayerError = ffi.PayerError
PayInfo = ffi.PayInfo
Payment = ffi.Payment
PaymentPath = ffi.PaymentPath
PaymentReceived = ffi.PaymentReceived
PeerEvent = ffi.PeerEvent
Preview = ffi.Preview
Problem = ffi.Problem
Record = ffi.Record
Replies = ffi.Replies
ReplyPath = ffi.ReplyPath
Route = ffi.Route
Sending = ffi.Sending
SendInvoice = ffi.SendInvoice
SendOutcome = ffi.SendOutcome
SignRequest = ffi.SignRequest
Status = ffi.Status
Verified = ffi.Verified
Warning = ffi.Warning


def _to_rpc(record: Record) -> str:
    """The record as the JSON text of Core Lightning."""
    try:
        return call(ffi.record_to_rpc, record)
    except InvreqError:
        raise
    except Exception as error:
        # One that was made by hand, with values that cannot even cross.
        raise check.invalid("the record has values that are none of their types") from error


type.__setattr__(Record, "to_rpc", _to_rpc)
