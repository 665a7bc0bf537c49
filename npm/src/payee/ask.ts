/**
 * Questions to the host, and what it answers.
 *
 * @module
 */

import * as check from "../check.js";
import { fromWasm } from "../convert.js";
import { invalid } from "../error.js";
import type { InboundPaymentRequest, NodeId, Sciddir, SignRequest } from "../host.js";
import { call } from "../module.js";
import { paths, withPaths } from "../paths.js";
import type { Answers } from "../wasm/invreq.js";
import { onAbort } from "./abort.js";
import type { Hosts } from "./engine.js";
import { reasonOf } from "./host.js";

/** How long a transport may look for a route: timers wait for it. */
const SOON_MS = 10_000;
/** How long a source, a signer or a send may take. */
export const PATIENCE_MS = 60_000;

/** A question of the engine; one of the properties is there. */
export interface Need {
  readonly range?: { readonly start: Uint8Array; readonly end: Uint8Array; readonly limit: number };
  readonly createInboundPayment?: unknown;
  readonly canReceive?: unknown;
  readonly resolveScid?: unknown;
  readonly findRoute?: unknown;
  readonly ecdh?: unknown;
  readonly sign?: unknown;
}

/** Gives an answer to the module. */
type Give = (answers: Answers, need: number) => void;

/** The same, by one call of a method. */
function method(work: Give): Give {
  return (answers, at) => call(() => work(answers, at));
}

/** Puts a question to the host; whatever it does, there is an answer. */
export async function ask(hosts: Hosts, need: Need, closing: AbortSignal): Promise<Give> {
  const { patience, work, read } = question(hosts, need);
  let given: unknown;
  try {
    given = await within(hosts, patience, closing, work);
  } catch (error) {
    return failed(error === LATE ? "there was no answer in time" : reasonOf(error));
  }
  try {
    return orFailed(read(given));
  } catch (error) {
    return failed(reasonOf(error));
  }
}

/** What only the module can see, such as a point that is not on the curve, is the host's failure as well. */
function orFailed(give: Give): Give {
  return (answers, at) => {
    try {
      give(answers, at);
    } catch (error) {
      call(() => answers.failed(at, reasonOf(error)));
    }
  };
}

interface Question {
  readonly patience: number;
  readonly work: (signal: AbortSignal) => unknown;
  /** Checks what the host gave. */
  readonly read: (given: unknown) => Give;
}

function question({ source, transport, signer }: Hosts, need: Need): Question {
  if (need.createInboundPayment !== undefined) {
    const request = fromWasm.value<InboundPaymentRequest>(need.createInboundPayment);
    return {
      patience: PATIENCE_MS,
      work: (signal) => source.createInboundPayment(request, { signal }),
      read: inboundPayment,
    };
  }
  if (need.canReceive !== undefined) {
    const { amountMsat } = fromWasm.value<{ amountMsat: bigint }>(need.canReceive);
    return {
      patience: SOON_MS,
      work: (signal) => source.canReceive?.(amountMsat, { signal }),
      read(given) {
        const can = check.optional(given, check.bool, "the source's answer");
        return method((answers, at) => answers.canReceive(at, can));
      },
    };
  }
  if (need.resolveScid !== undefined) {
    const end = fromWasm.value<Sciddir>(need.resolveScid);
    return {
      patience: SOON_MS,
      work: (signal) => transport.resolveScid?.(end, { signal }),
      read(given) {
        const nodeId = check.optional(given, check.point, "the node id");
        return method((answers, at) => answers.nodeId(at, nodeId));
      },
    };
  }
  if (need.findRoute !== undefined) {
    const { nodeId } = fromWasm.value<{ nodeId: NodeId }>(need.findRoute);
    const find = transport.findRoute;
    return {
      patience: SOON_MS,
      // Without it every node is taken for a peer, and payers cannot answer.
      work: (signal) => (find === undefined ? {} : find(nodeId, { signal })),
      read: route,
    };
  }
  if (need.ecdh !== undefined) {
    const { nodeId, point } = fromWasm.value<{ nodeId: NodeId; point: string }>(need.ecdh);
    return {
      patience: SOON_MS,
      work(signal) {
        if (transport.ecdh === undefined) throw invalid("this transport has no node key");
        return transport.ecdh(nodeId, point, { signal });
      },
      read(given) {
        const secret = check.bytes(given, "the shared secret", 32);
        return method((answers, at) => {
          try {
            answers.sharedSecret(at, secret);
          } finally {
            secret.fill(0);
          }
        });
      },
    };
  }
  const request = { ...fromWasm.value<SignRequest>(need.sign) };
  return {
    patience: PATIENCE_MS,
    work(signal) {
      if (signer === undefined) throw invalid("there is no signer");
      return signer.sign(request, { signal });
    },
    read(given) {
      const signature = check.bytes(given, "the signature", 64);
      return method((answers, at) => answers.signature(at, signature));
    },
  };
}

function inboundPayment(given: unknown): Give {
  const payment = check.read(given, "the inbound payment", [
    "paths",
    "paymentHash",
    "preimage",
    "mpp",
    "pathsExpireAt",
  ]);
  const list = paths(payment.paths, "paths");
  const paymentHash = check.optional(payment.paymentHash, check.hash, "paymentHash");
  const mpp = check.optional(payment.mpp, check.bool, "mpp") ?? false;
  const expireAt = check.optional(payment.pathsExpireAt, check.safe, "pathsExpireAt");
  // Last, so that nothing which cannot be used leaves a copy behind.
  const preimage = check.optional(
    payment.preimage,
    (bytes, what) => check.bytesOrHex(bytes, what, 32),
    "preimage",
  );
  return (answers, at) => {
    try {
      withPaths(list, (handle) =>
        call(() => answers.inboundPayment(at, handle, paymentHash, preimage, mpp, expireAt)),
      );
    } finally {
      preimage?.fill(0);
    }
  };
}

/** The most nodes of a route, and addresses of a node. */
const MOST_NODES = 32;

function route(given: unknown): Give {
  if (given === undefined || given === null) return method((answers, at) => answers.noRoute(at));
  const found = check.read(given, "the route", ["via", "connect", "ownNode", "reply"]);
  const via = nodes(found.via, "via");
  const connect =
    check.optional(
      found.connect,
      (list, what) => check.list(list, what, MOST_NODES, check.text),
      "connect",
    ) ?? [];
  const ownNode = check.optional(found.ownNode, check.bool, "ownNode") ?? false;
  const reply = check.read(found.reply ?? { kind: "none" }, "reply", ["kind", "via", "nodeId"]);
  const kind = check.word(reply.kind, "reply.kind", ["none", "ours", "node", "host"] as const);
  const replyVia = nodes(reply.via, "reply.via");
  const nodeId = kind === "node" ? check.point(reply.nodeId, "reply.nodeId") : undefined;
  return method((answers, at) => answers.route(at, via, connect, ownNode, kind, replyVia, nodeId));
}

function nodes(value: unknown, what: string): string[] {
  return check.optional(value, (list, what) => check.list(list, what, MOST_NODES, check.point), what) ?? [];
}

function failed(reason: string): Give {
  return method((answers, at) => answers.failed(at, reason));
}

/** The host took too long. */
export const LATE = Symbol("late");

/** What the host gives, if it comes in time; `signal` tells the host when nobody waits any more. */
export async function within(
  { time }: Hosts,
  patience: number,
  closing: AbortSignal,
  work: (signal: AbortSignal) => unknown,
): Promise<unknown> {
  const done = new AbortController();
  const stop = onAbort(closing, () => done.abort(closing.reason));
  if (closing.aborted) done.abort(closing.reason);
  const late = time.wait(patience, done.signal).then(() => {
    throw LATE;
  });
  // Nobody looks at it any more once the host has answered.
  late.catch(() => {});
  try {
    return await Promise.race([(async () => work(done.signal))(), late]);
  } finally {
    stop();
    done.abort();
  }
}
