"""What a node is to do with a payment it holds: every answer to a claim, sorted."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import ClassVar, TypeAlias

from .. import errors
from .._error import InvreqError
from .._types import ClaimApproval


@dataclass(frozen=True)
class Settle:
    """Settle them with this preimage; without one the node has it, and gives it to `payment_received`. The claim is written down."""

    preimage: bytes | None = field(default=None, repr=False)
    kind: ClassVar[str] = "settle"


@dataclass(frozen=True)
class Fail:
    """Fail them back: too little, too much or too late."""

    error: InvreqError
    kind: ClassVar[str] = "fail"


@dataclass(frozen=True)
class Unknown:
    """No invoice of this wallet has the payment hash; it is the node's own business."""

    kind: ClassVar[str] = "unknown"


@dataclass(frozen=True)
class Hold:
    """Keep holding them and ask again: the claim may have been written, only nobody can say so now."""

    error: InvreqError
    kind: ClassVar[str] = "hold"


Verdict: TypeAlias = Settle | Fail | Unknown | Hold
"""What a node is to do with a payment whose HTLCs it holds."""


async def verdict(claim: Awaitable[ClaimApproval]) -> Verdict:
    """Sorts what came of a claim."""
    try:
        return Settle((await claim).preimage)
    except errors.NotFound:
        return Unknown()
    except (errors.AmountTooLow, errors.AmountTooHigh, errors.ClaimTooLate) as error:
        return Fail(error)
    except errors.AlreadyPaid as error:
        # The node has forgotten that it settled.
        payment = error.record.payment if error.record is not None else None
        return Hold(error) if payment is None else Settle(payment.payment_preimage)
    except errors.InvalidParameter as error:
        # A clock or dice that failed for a moment are worth another try, a claim that is none is not.
        if not error.retryable:
            raise
        return Hold(error)
    except InvreqError as error:
        return Hold(error)
