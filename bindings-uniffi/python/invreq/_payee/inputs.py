"""From the parameters of a call to an input of the engine. Each function checks everything at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import _check as check
from .._types import (
    Claim,
    Existing,
    Input,
    ListIndex,
    ListInvoices,
    PaymentReceived,
    Replies,
    SendInvoice,
    Status,
)

MakeCall = Callable[[int], Input]
"""Makes the input of a call with this number."""


def send_invoice(
    invreq: Any,
    label: Any,
    amount_msat: Any,
    timeout: Any,
    expiry: Any,
    quantity: Any,
    existing: Any,
    again: Any,
    invoice_node_id: Any,
    replies: Any,
) -> MakeCall:
    """Answer a request and wait until it is paid."""
    params = SendInvoice(
        invreq=check.bolt12(invreq, "invreq"),
        label=check.label(label),
        amount_msat=check.optional(amount_msat, check.u64, "amount_msat"),
        timeout=check.optional(timeout, check.u32, "timeout"),
        expiry=check.optional(expiry, check.u32, "expiry"),
        quantity=check.optional(quantity, check.u64, "quantity"),
        existing=check.one_of(Existing, existing, "existing"),
        again=check.boolean(again, "again"),
        invoice_node_id=check.optional(invoice_node_id, check.point, "invoice_node_id"),
        replies=check.one_of(Replies, replies, "replies"),
    )
    return lambda call: Input.SEND_INVOICE(call=call, params=params)


def resend(label: Any) -> MakeCall:
    """Send the same invoice once more."""
    given = check.label(label)
    return lambda call: Input.RESEND(call=call, label=given)


def wait_invoice(label: Any) -> MakeCall:
    """Wait until this invoice is paid or expires."""
    given = check.label(label)
    return lambda call: Input.WAIT_INVOICE(call=call, label=given)


def wait_any_invoice(last_pay_index: Any, timeout: Any) -> MakeCall:
    """Wait for the next payment."""
    last = check.u64(last_pay_index, "last_pay_index")
    seconds = check.optional(timeout, check.u32, "timeout")
    return lambda call: Input.WAIT_ANY_INVOICE(call=call, last_pay_index=last, timeout=seconds)


def list_invoices(
    label: Any, payment_hash: Any, status: Any, index: Any, start: Any, limit: Any
) -> tuple[int, Callable[[int], MakeCall]]:
    """Where the list begins, and what makes the call for the page at an index."""
    given_label = check.optional(label, check.label, "label")
    given_hash = check.optional(payment_hash, check.payment_hash, "payment_hash")
    given_status = check.optional(status, lambda value, what: check.one_of(Status, value, what), "status")
    order = check.one_of(ListIndex, index, "index")
    given_limit = check.optional(limit, check.u32, "limit")

    def page(start: int) -> MakeCall:
        query = ListInvoices(
            label=given_label,
            payment_hash=given_hash,
            status=given_status,
            index=order,
            start=start,
            limit=given_limit,
        )
        return lambda call: Input.LIST_INVOICES(call=call, query=query)

    return check.u64(start, "start"), page


def del_invoice(label: Any, status: Any) -> MakeCall:
    """Forget an invoice."""
    given = check.label(label)
    believed = check.one_of(Status, status, "status")
    return lambda call: Input.DEL_INVOICE(call=call, label=given, status=believed)


def preview(invreq: Any) -> MakeCall:
    """Say what answering would mean."""
    given = check.bolt12(invreq, "invreq")
    return lambda call: Input.PREVIEW(call=call, invreq=given)


def claim(payment_hash: Any, total_msat: Any, first_htlc_at: Any) -> MakeCall:
    """Ask for the preimage."""
    given = Claim(
        payment_hash=check.payment_hash(payment_hash, "payment_hash"),
        total_msat=check.u64(total_msat, "total_msat"),
        first_htlc_at=check.u64(first_htlc_at, "first_htlc_at"),
    )
    return lambda call: Input.CLAIM(call=call, claim=given)


def claim_failed(payment_hash: Any) -> MakeCall:
    """A claim came to nothing."""
    given = check.payment_hash(payment_hash, "payment_hash")
    return lambda call: Input.CLAIM_FAILED(call=call, payment_hash=given)


def payment_received(payment_hash: Any, amount_msat: Any, paid_at: Any, preimage: Any) -> MakeCall:
    """Money was received for good."""
    payment = PaymentReceived(
        payment_hash=check.payment_hash(payment_hash, "payment_hash"),
        amount_msat=check.u64(amount_msat, "amount_msat"),
        paid_at=check.u64(paid_at, "paid_at"),
        preimage=check.optional(
            preimage, lambda value, what: check.octets_or_hex(value, what, 32), "preimage"
        ),
    )
    return lambda call: Input.PAYMENT_RECEIVED(call=call, payment=payment)


def onion_message(data: Any, node_id: Any) -> Input:
    """An onion message arrived."""
    return Input.ONION_MESSAGE(
        node_id=check.optional(node_id, check.point, "node_id"), bytes=check.octets(data, "bytes")
    )


def invoice_error(reply_path_id: Any, data: Any) -> Input:
    """The host's own messenger opened an `invoice_error`."""
    given = check.octets(reply_path_id, "reply_path_id", 32)
    return Input.INVOICE_ERROR(reply_path_id=given, bytes=check.octets(data, "bytes"))
