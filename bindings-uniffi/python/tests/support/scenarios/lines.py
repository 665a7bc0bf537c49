"""The lines of a transcript, as tests/scenarios/README.md describes them."""

from __future__ import annotations

from typing import Any

from invreq import (
    Batch,
    Decoded,
    Delivery,
    InboundPaymentRequest,
    InvreqError,
    Page,
    Preview,
    Record,
    Verified,
)


def word(value: Any) -> str:
    """The core's word for a member of an enum."""
    return str(value.name.lower())


def mark(data: bytes) -> str:
    """FNV-1a of 64 bits: what stands for bytes that are too long for a line."""
    found = 0xCBF29CE484222325
    for byte in data:
        found = (found ^ byte) * 0x100000001B3 % 2**64
    return f"{found:016x}"


def write(batch: Batch) -> str:
    puts = [f" +{put.key.hex()}={mark(put.value)}" for put in batch.puts]
    deletes = [f" -{key.hex()}" for key in batch.deletes]
    absent = [f" !{key.hex()}" for key in batch.absent]
    return f"write {batch.revision}{''.join([*puts, *deletes, *absent])}"


def source(asked: InboundPaymentRequest) -> str:
    about = (asked.amount_msat, asked.expires_at, asked.payment_hash, asked.invreq_id, asked.label)
    return "ask source " + " ".join(map(str, about))


def send(copy: Delivery) -> str:
    words = ["send", copy.id, copy.node_id, "via", f"[{','.join(copy.via)}]", "first", copy.packet.first_hop]
    message = copy.packet.message
    hops = "-" if copy.path is None else len(copy.path.hops)
    words += ["path", str(hops), "packet", f"{len(message)}:{mark(message)}", "invoice", mark(copy.invoice)]
    return " ".join([*words, *([] if copy.reply_path_id is None else ["reply"]), copy.label])


def record(of: Record) -> str:
    paths = ",".join(f"{word(path.outcome)}:{path.attempts}" for path in of.delivery.paths)
    words = [of.label, word(of.status) + ("+claiming" if of.claiming else ""), word(of.delivery.state)]
    words += [str(of.delivery.attempts), f"[{paths}]", f"created={of.created_index}"]
    if of.updated_index is not None:
        words.append(f"updated={of.updated_index}")
    if of.payment is not None:
        words.append(f"paid={of.payment.pay_index}:{of.payment.amount_received_msat}:{of.payment.paid_at}")
    said = of.delivery.error
    if said is not None:
        about = (said.received_at, or_dash(said.erroneous_field), or_dash(said.suggested_value), said.message)
        words.append("said=" + ":".join(map(str, about)))
    return " ".join(words)


def event(of: Any) -> str:
    first, *rest = of.kind.split("_")
    kind = first + "".join(part.capitalize() for part in rest)
    if of.kind == "trouble":
        about = error(of.error)
    elif of.kind == "clock_behind":
        about = f"{of.stored_ms} {of.now_ms}"
    elif of.kind == "underpaid":
        about = f"{of.amount_received_msat} {record(of.record)}"
    else:
        about = record(of.record)
    return f"event {kind} {about}"


def error(of: InvreqError) -> str:
    words = ["error", of.code, str(of.rpc_code)]
    if of.field is not None:
        words.append(f"field={of.field.number}:{of.field.name}")
    if of.rule is not None:
        words.append(f"rule={of.rule}")
    words.append("retry" if of.retryable else "final")
    return " ".join(words if of.record is None else [*words, "record", record(of.record)])


def done(of: Record) -> str:
    return f"{record(of)} rpc {of.to_rpc()}"


def settle(preimage: bytes | None) -> str:
    return f"settle {'-' if preimage is None else preimage.hex()}"


def verdict(of: Any) -> str:
    if of.kind == "settle":
        return settle(of.preimage)
    return "unknown" if of.kind == "unknown" else f"{of.kind} {of.error.code}"


def page(of: Page) -> str:
    return f"page next={or_dash(of.next)}" + "".join(f" | {record(each)}" for each in of.records)


def preview(of: Preview) -> str:
    receivable = {None: "unknown", True: "receivable", False: "full"}[of.receivable]
    words = ["preview", "answerable" if of.error is None else of.error.code]
    words += [str(or_dash(of.amount_msat)), str(or_dash(of.expires_at)), receivable]
    words += ["signed" if of.signed else "unsigned", "answered" if of.already_answered else "open"]
    return " ".join([*words, str(or_dash(of.description)), "/", str(or_dash(of.issuer))])


def decoded(of: Decoded) -> str:
    words = [word(of.kind), "signed" if of.signed else "unsigned", str(or_dash(of.id))]
    problem = "-" if of.problem is None else of.problem.code
    words += ["answerable" if of.answerable else "not-answerable", f"problem={problem}"]
    words.append("fields=" + ",".join(f"{field.number}:{len(field.hex) // 2}" for field in of.fields))
    return " ".join([*words, *(f"warning={warning.code}" for warning in of.warnings)])


def verified(of: Verified) -> str:
    signed = "signed" if of.signed else "unsigned"
    return f"{word(of.kind)} {signed} {or_dash(of.node_id)} {or_dash(of.id)}"


def or_dash(value: Any) -> Any:
    return "-" if value is None else value
