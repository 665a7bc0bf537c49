"""Questions to the host, and what it answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from .. import _check as check
from .._ffi import invreq as ffi
from .._store_error import reason_of
from .._types import InboundPayment, Route
from .closing import Closing
from .hosts import Hosts

SOON_MS = 10_000
"""How long a transport may look for a route: timers wait for it."""

PATIENCE_MS = 60_000
"""How long a source, a signer or a send may take."""

MAX_NODES = 32
"""The most nodes of a route, and addresses of a node."""

MAX_PATHS = 64
MAX_HOPS = 255

Answer = ffi.Answer


async def ask(hosts: Hosts, closing: Closing, need: ffi.Need) -> ffi.Answer:
    """Puts a question to the host; whatever it does, there is an answer."""
    patience, work, read = _question(hosts, need)
    try:
        return read(await closing.within(patience, work))
    except Exception as error:
        return Answer.FAILED(reason_of(error))


def put(answers: ffi.Answers, need: ffi.Need, answer: ffi.Answer) -> None:
    """Hands on an answer. What only the core can see, such as a point that is not on the curve, is the host's failure as well."""
    try:
        answers.insert(need, answer)
    except Exception as error:
        answers.insert(need, Answer.FAILED(reason_of(error)))


Question = tuple[int, Callable[[], Awaitable[Any]], Callable[[Any], ffi.Answer]]


def _question(hosts: Hosts, need: Any) -> Question:
    """How long the host has, what it is asked, and how its answer is read."""
    source, transport, signer = hosts.source, hosts.transport, hosts.signer
    kind: str = need.kind
    if kind == "create_inbound_payment":
        return PATIENCE_MS, lambda: source.create_inbound_payment(need.value), _inbound_payment
    if kind == "can_receive":
        return (
            SOON_MS,
            lambda: _if_there(source.can_receive, need.amount_msat),
            lambda given: Answer.CAN_RECEIVE(check.optional(given, check.boolean, "the source's answer")),
        )
    if kind == "resolve_scid":
        return (
            SOON_MS,
            lambda: _if_there(transport.resolve_scid, need.scid, need.direction),
            lambda given: Answer.NODE_ID(check.optional(given, check.point, "the node id")),
        )
    if kind == "find_route":
        # Without it every node is taken for a peer, and payers cannot answer.
        peer = Route(via=[], connect=[], own_node=False, reply=ffi.ReplyPath.NONE())
        find = transport.find_route
        return SOON_MS, lambda: _if_there(find, need.node_id, default=peer), _route
    if kind == "ecdh":
        multiply = _must(transport.ecdh, "this transport has no node key")
        return (
            SOON_MS,
            lambda: multiply(need.node_id, need.point),
            lambda given: Answer.SHARED_SECRET(check.octets(given, "the shared secret", 32)),
        )
    sign = _must(signer.sign if signer is not None else None, "there is no signer")
    return (
        PATIENCE_MS,
        lambda: sign(need.value),
        lambda given: Answer.SIGNATURE(check.octets(given, "the signature", 64)),
    )


async def _if_there(method: Callable[..., Any] | None, *args: Any, default: Any = None) -> Any:
    return default if method is None else await method(*args)


def _must(method: Callable[..., Any] | None, why: str) -> Callable[..., Any]:
    async def refuse(*_: Any) -> Any:
        raise check.invalid(why)

    return refuse if method is None else method


def _inbound_payment(given: Any) -> ffi.Answer:
    payment = check.instance(given, "the inbound payment", InboundPayment)
    return Answer.INBOUND_PAYMENT(
        InboundPayment(
            paths=check.items(payment.paths, "paths", MAX_PATHS, payment_path),
            payment_hash=check.optional(payment.payment_hash, check.payment_hash, "payment_hash"),
            preimage=check.optional(
                payment.preimage, lambda value, what: check.octets_or_hex(value, what, 32), "preimage"
            ),
            mpp=check.boolean(payment.mpp, "mpp"),
            paths_expire_at=check.optional(payment.paths_expire_at, check.u64, "paths_expire_at"),
        )
    )


def payment_path(value: Any, what: str) -> ffi.PaymentPath:
    """A payment path from a caller or a host."""
    given = check.instance(value, what, ffi.PaymentPath)
    path = check.instance(given.path, f"{what}.path", ffi.BlindedPath)
    pay = check.instance(given.payinfo, f"{what}.payinfo", ffi.PayInfo)
    about = f"{what}.payinfo"
    return ffi.PaymentPath(
        path=ffi.BlindedPath(
            introduction=_introduction(path.introduction, f"{what}.path.introduction"),
            path_key=check.point(path.path_key, f"{what}.path.path_key"),
            hops=check.items(path.hops, f"{what}.path.hops", MAX_HOPS, _hop),
        ),
        payinfo=ffi.PayInfo(
            fee_base_msat=check.u32(pay.fee_base_msat, f"{about}.fee_base_msat"),
            fee_proportional_millionths=check.u32(
                pay.fee_proportional_millionths, f"{about}.fee_proportional_millionths"
            ),
            cltv_expiry_delta=check.u16(pay.cltv_expiry_delta, f"{about}.cltv_expiry_delta"),
            htlc_minimum_msat=check.u64(pay.htlc_minimum_msat, f"{about}.htlc_minimum_msat"),
            htlc_maximum_msat=check.u64(pay.htlc_maximum_msat, f"{about}.htlc_maximum_msat"),
            features=check.octets(pay.features, f"{about}.features"),
        ),
    )


def _introduction(value: Any, what: str) -> ffi.Introduction:
    given: Any = check.instance(value, what, ffi.Introduction)
    if given.kind == "node_id":
        return ffi.Introduction.NODE_ID(check.point(given.node_id, f"{what}.node_id"))
    return ffi.Introduction.SCID(
        direction=check.integer(given.direction, f"{what}.direction", 1),
        scid=check.u64(given.scid, f"{what}.scid"),
    )


def _hop(value: Any, what: str) -> ffi.BlindedHop:
    given = check.instance(value, what, ffi.BlindedHop)
    return ffi.BlindedHop(
        blinded_node_id=check.point(given.blinded_node_id, f"{what}.blinded_node_id"),
        encrypted_recipient_data=check.octets(
            given.encrypted_recipient_data, f"{what}.encrypted_recipient_data"
        ),
    )


def _route(given: Any) -> ffi.Answer:
    if given is None:
        return Answer.ROUTE(None)
    route = check.instance(given, "the route", Route)
    return Answer.ROUTE(
        Route(
            via=_nodes(route.via, "via"),
            connect=check.items(route.connect, "connect", MAX_NODES, check.text),
            own_node=check.boolean(route.own_node, "own_node"),
            reply=_reply(route.reply),
        )
    )


def _reply(value: Any) -> ffi.ReplyPath:
    reply: Any = check.instance(value, "reply", ffi.ReplyPath)
    if reply.kind == "ours":
        return ffi.ReplyPath.OURS(via=_nodes(reply.via, "reply.via"))
    if reply.kind == "node":
        node_id = check.point(reply.node_id, "reply.node_id")
        return ffi.ReplyPath.NODE(via=_nodes(reply.via, "reply.via"), node_id=node_id)
    return ffi.ReplyPath.HOST() if reply.kind == "host" else ffi.ReplyPath.NONE()


def _nodes(value: Any, what: str) -> list[str]:
    return check.items(value, what, MAX_NODES, check.point)
