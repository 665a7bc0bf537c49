import assert from "node:assert/strict";
import { test } from "node:test";

import { InvreqError } from "../src/error.js";
import type { Delivery, NodeId, SendOutcome } from "../src/host.js";
import { call } from "../src/module.js";
import type { SocketTransportOptions } from "../src/transports/socket.js";
import { TcpTransport } from "../src/transports/tcp.js";
import { WebSocketTransport } from "../src/transports/websocket.js";
import { settle } from "./host.js";
import { onion, ping } from "./support/far.js";
import { FAR, FAR_KEY, idOf, MESSAGE, never, online, stage } from "./support/socket-stage.js";

test("a message is accepted when the node has read it, and the next goes over the same connection", async () => {
  const { clock, dialer, begin } = stage();
  const first = begin();
  await settle();
  assert.equal(first.outcome, "accepted");
  assert.deepEqual(dialer.last.messages, [MESSAGE]);
  const second = begin();
  await clock.go(249);
  assert.equal(second.outcome, undefined, "messages leave 250 ms apart");
  await clock.go(1);
  assert.equal(second.outcome, "accepted");
  assert.equal(dialer.dialled.length, 1);
});

test("a message that is not read within 15 seconds failed", async () => {
  const { clock, dialer, begin } = stage({ pongs: false });
  const sent = begin();
  await settle();
  await clock.go(14_999);
  assert.equal(sent.outcome, undefined);
  await clock.go(1);
  assert.equal(sent.outcome, "failed");
  assert.ok(dialer.last.isClosed);
});

test("a node that hangs up on a message makes it fail", async () => {
  const { dialer, begin } = stage({ pongs: false });
  const sent = begin();
  await settle();
  dialer.last.hangUp();
  await settle();
  assert.equal(sent.outcome, "failed");
});

test("what cannot be reached is told apart", async () => {
  const cases: [Parameters<typeof stage>[0], number, SendOutcome][] = [
    ["unreachable", 0, "no_route"],
    ["offline", 0, "offline"],
    ["throw", 0, "no_route"],
    ["never", 5_000, "no_route"],
    [{ silent: true }, 10_000, "no_route"],
    [{ onionMessages: false }, 0, "no_route"],
  ];
  for (const [manners, afterMs, outcome] of cases) {
    const { clock, begin, dialer } = stage(manners);
    const sent = begin();
    await settle();
    if (afterMs > 0) await clock.go(afterMs - 1);
    if (afterMs > 0) assert.equal(sent.outcome, undefined, JSON.stringify(manners));
    if (afterMs > 0) await clock.go(1);
    assert.equal(sent.outcome, outcome, JSON.stringify(manners));
    assert.ok(manners === "throw" || dialer.last.isClosed, "the stream is closed");
  }
});

test("addresses are tried in their order, and only those that can be", async () => {
  const { dialer, begin } = stage({}, { addresses: { [FAR]: ["host:1", "far:1", "far:2", "far:3"] } });
  dialer.behave = (address) => (address === "far:1" ? "unreachable" : {});
  const sent = begin();
  await settle();
  assert.equal(sent.outcome, "accepted");
  assert.deepEqual(
    dialer.dialled.map((each) => each.address),
    ["far:1", "far:2"],
  );
  // Those of the delivery come first; where there are none at all, there is no way.
  const elsewhere = begin({
    packet: { firstHop: idOf(Buffer.alloc(32, 9)), message: MESSAGE },
    connect: ["tcp:1"],
  });
  await settle();
  assert.equal(elsewhere.outcome, "no_route");
});

test("only if every address says so there is no network", async () => {
  for (const [answers, outcome] of [
    [["offline", "offline"], "offline"],
    [["offline", "unreachable"], "no_route"],
    [["unreachable", "offline"], "no_route"],
  ] as const) {
    const { dialer, begin } = stage({}, { addresses: { [FAR]: ["far:0", "far:1"] } });
    dialer.behave = (address) => answers[address === "far:0" ? 0 : 1];
    const sent = begin();
    await settle();
    assert.equal(sent.outcome, outcome);
  }
});

test("dialling ends after 40 seconds, whatever there is left to try", async () => {
  const all = Array.from({ length: 20 }, (_, at) => `far:${at}`);
  const { clock, dialer, begin } = stage({ silent: true }, { addresses: { [FAR]: all } });
  const sent = begin();
  await settle();
  for (let second = 0; second < 40; second++) await clock.go(1_000);
  assert.equal(sent.outcome, "no_route");
  assert.equal(dialer.dialled.length, 4);
});

test("a connection is kept until the invoice expires, and then closed", async () => {
  const { clock, dialer, begin } = stage();
  const sent = begin({ expiresAt: clock.ms / 1000 + 100 });
  await settle();
  assert.equal(sent.outcome, "accepted");
  for (let second = 0; second < 100; second++) {
    assert.ok(!dialer.last.isClosed, `${second}`);
    await clock.go(1_000);
  }
  await settle();
  assert.ok(dialer.last.isClosed);
  assert.equal(dialer.dialled.length, 1);
});

test("one that breaks is made again with pauses, at once when there is a network again, and a message does not wait", async () => {
  const { clock, dialer, begin } = stage();
  begin();
  await settle();
  dialer.behave = () => "unreachable";
  dialer.last.hangUp();
  await settle();
  for (const [at, pauseMs] of [1_000, 2_000, 4_000, 8_000].entries()) {
    await clock.go(pauseMs - 1);
    assert.equal(dialer.dialled.length, 1 + at);
    await clock.go(1);
    assert.equal(dialer.dialled.length, 2 + at);
  }
  online();
  await settle();
  assert.equal(dialer.dialled.length, 6);
  // The node may take us for connected still: it is not given up.
  const sent = begin();
  await settle();
  assert.deepEqual([sent.outcome, dialer.dialled.length], ["offline", 7]);
  await clock.go(60_000);
  const later = begin();
  await settle();
  assert.equal(later.outcome, "no_route");
  dialer.behave = () => ({});
  const last = begin();
  await settle();
  assert.equal(last.outcome, "accepted");
});

test("a silent network shows by a ping, and at once when the browser is back online", async () => {
  const { clock, dialer, begin } = stage();
  begin();
  await settle();
  const first = dialer.last;
  first.manners.pongs = false;
  online();
  await clock.go(14_999);
  assert.ok(!first.isClosed);
  await clock.go(1);
  assert.ok(first.isClosed);
  await clock.go(1_000);
  assert.equal(dialer.dialled.length, 2);
});

test("a message for a connection that died unnoticed goes over a new one", async () => {
  const { clock, dialer, begin } = stage();
  begin();
  await settle();
  const old = dialer.last;
  old.manners.reads = false;
  await clock.go(250);
  const sent = begin();
  await settle();
  old.hangUp();
  await settle();
  assert.equal(dialer.dialled.length, 2);
  assert.equal(sent.outcome, "accepted");
  assert.equal(old.messages.length + dialer.last.messages.length, 2);
});

test("at most 32 connections: the one that is needed least is closed, and none that is sending", async () => {
  const { clock, dialer, begin } = stage({});
  const hop = (at: number): Partial<Delivery> => ({
    packet: { firstHop: idOf(Buffer.alloc(32, at + 1)), message: MESSAGE },
    connect: ["far:1"],
    // The sixth expires first.
    expiresAt: clock.ms / 1000 + (at === 5 ? 50 : 100 + at),
  });
  // Each node id is reached with a key of its own.
  const keys = new Map(Array.from({ length: 34 }, (_, at) => [`far:${at}`, Buffer.alloc(32, at + 1)]));
  dialer.dial = ((original) => (address, events) => {
    Reflect.set(dialer, "key", keys.get(address));
    return original.call(dialer, address, events);
  })(dialer.dial);
  const all = Array.from({ length: 32 }, (_, at) => begin({ ...hop(at), connect: [`far:${at}`] }));
  await settle();
  assert.ok(all.every((sent) => sent.outcome === "accepted"));
  const next = begin({ ...hop(32), connect: ["far:32"] });
  await settle();
  assert.equal(next.outcome, "accepted");
  const closed = dialer.dialled.flatMap(({ far }, at) => (far.isClosed ? [at] : []));
  assert.deepEqual(closed, [5]);
});

test("where all 32 connections are sending there is no room", async () => {
  const { clock, begin } = stage("never");
  const all = Array.from({ length: 33 }, (_, at) =>
    begin({ packet: { firstHop: idOf(Buffer.alloc(32, at + 1)), message: MESSAGE }, connect: ["far:1"] }),
  );
  await settle();
  assert.deepEqual(
    all.map((sent) => sent.outcome),
    [...new Array<undefined>(32), "offline"],
  );
  await clock.go(5_000);
  assert.ok(all.slice(0, 32).every((sent) => sent.outcome === "no_route"));
});

test("at most 16 messages wait for a connection", async () => {
  const { clock, begin, dialer } = stage("never");
  const all = Array.from({ length: 18 }, () => begin());
  await settle();
  // One is being sent, 16 wait.
  assert.deepEqual(
    all.map((sent) => sent.outcome),
    [...new Array<undefined>(17), "offline"],
  );
  dialer.behave = () => ({});
  await clock.go(5_000);
  for (let turn = 0; turn < 17; turn++) await clock.go(250);
  assert.ok(all.slice(1, 17).every((sent) => sent.outcome === "accepted"));
});

test("what comes in waits, at most 16 of it, and what comes behind an introduction is not lost", async () => {
  const { dialer, transport, begin } = stage({ behind: [onion(payload("first"))] });
  begin();
  await settle();
  for (let at = 1; at < 20; at++) dialer.last.sayOnion(payload(String.fromCharCode(at)));
  await settle();
  const stop = new AbortController();
  const texts: string[] = [];
  const read = (async () => {
    for (;;) {
      const received = await transport.receive({ signal: stop.signal });
      assert.ok(received.kind === "onionMessage" && received.nodeId === transport.nodeId);
      texts.push(Buffer.from(received.bytes.subarray(35)).toString("latin1"));
    }
  })();
  const ended = assert.rejects(read, { name: "AbortError" });
  await settle();
  assert.equal(texts.length, 16);
  assert.deepEqual(texts.slice(0, 2), ["first", "\x01"]);
  dialer.last.sayOnion(payload("later"));
  await settle();
  assert.equal(texts.at(-1), "later");
  stop.abort();
  await ended;
  // A reader that gave up takes nothing with it.
  dialer.last.sayOnion(payload("kept"));
  const kept = await transport.receive({ signal: never });
  assert.ok(kept.kind === "onionMessage" && Buffer.from(kept.bytes.subarray(35)).toString() === "kept");
});

test("a call that is given up ends, and the next one goes on", async () => {
  const { clock, dialer, begin } = stage("never");
  const stop = new AbortController();
  const first = begin({}, stop.signal);
  const waiting = begin({}, stop.signal);
  const other = begin();
  await settle();
  dialer.behave = () => ({ pongs: false });
  stop.abort();
  await settle();
  assert.deepEqual([first.outcome, waiting.outcome, other.outcome], ["offline", "offline", undefined]);
  await clock.go(250);
  assert.equal(dialer.last.messages.length, 1);
  const written = new AbortController();
  const half = begin({}, written.signal);
  await clock.go(15_000);
  assert.equal(other.outcome, "failed");
  await clock.go(1_000);
  written.abort();
  await settle();
  assert.equal(half.outcome, "failed", "some of it may have left");
});

test("closing ends everything, and more than once is no error", async () => {
  const { dialer, transport, begin } = stage({ pongs: false });
  const sending = begin();
  const waiting = begin();
  const reading = transport.receive({ signal: never });
  const ended = assert.rejects(reading, /closed/);
  await settle();
  await transport.close();
  await ended;
  assert.deepEqual([sending.outcome, waiting.outcome], ["failed", "offline"]);
  assert.ok(dialer.dialled.every(({ far }) => far.isClosed));
  assert.equal(await begin().sent, "offline");
  await transport.close();
});

test("garbage, floods and half messages from the other side harm nothing", async () => {
  const { clock, dialer, transport, begin } = stage();
  begin();
  await settle();
  const far = dialer.last;
  // It asks for long answers and reads none of them.
  far.manners.reads = false;
  for (let at = 0; at < 2_000; at++) far.say(ping(60_000));
  await settle();
  assert.ok(far.mostBuffered < 64 * 1024 + 256 * 1024, `${far.mostBuffered}`);
  assert.ok(far.mostBuffered > 60_000);
  far.manners.reads = true;
  far.read();
  await clock.go(1_000);
  far.raw(Buffer.alloc(1 << 20, 0x55));
  await settle();
  assert.ok(far.isClosed);
  await clock.go(1_000);
  const again = begin();
  await settle();
  assert.equal(again.outcome, "accepted");
  await transport.close();
});

test("the reply path ends at the transport's key, which it can multiply", async () => {
  const key = new Uint8Array(32).fill(0x31);
  const { transport } = stage({}, { key });
  assert.equal(transport.nodeId, idOf(key));
  const route = await transport.findRoute(FAR, { signal: never });
  assert.deepEqual(route, {
    via: [],
    connect: ["far:1"],
    reply: { kind: "node", via: [FAR], nodeId: transport.nodeId },
  });
  const secret = await transport.ecdh(transport.nodeId, FAR);
  assert.deepEqual(
    secret,
    call((glue) => glue.ecdh(FAR_KEY, transport.nodeId)),
  );
  await assert.rejects(transport.ecdh(FAR, transport.nodeId), /another node key/);
  assert.equal(await transport.findRoute(idOf(key), { signal: never }), undefined);
});

test("a directory is asked, and what fails there is told where nothing else is known", async () => {
  const gateway = idOf(Buffer.alloc(32, 5));
  let failing = false;
  const directory = {
    async addresses(nodeId: NodeId) {
      if (failing) throw new Error("no answer");
      return nodeId === FAR ? ["far:2", "host:1"] : [];
    },
    resolveScid: async () => gateway,
  };
  const { transport } = stage({}, { directory });
  assert.deepEqual((await transport.findRoute(FAR, { signal: never }))?.connect, ["far:1", "far:2"]);
  assert.equal(await transport.resolveScid({ scid: 1n, direction: 0 }, { signal: never }), gateway);
  failing = true;
  assert.deepEqual((await transport.findRoute(FAR, { signal: never }))?.connect, ["far:1"]);
  await assert.rejects(transport.findRoute(gateway, { signal: never }), /no answer/);
  const over = stage(
    {},
    { directory: { ...directory, addresses: async () => ["far:9"], via: async () => [gateway] } },
  );
  const route = await over.transport.findRoute(FAR, { signal: never });
  assert.deepEqual(
    [route?.via, route?.connect, route?.reply?.kind === "node" && route.reply.via],
    [[gateway], ["far:9"], [gateway]],
  );
});

test("wrong options are errors with a code", () => {
  const bad: unknown[] = [
    undefined,
    {},
    { network: "main" },
    { network: "regtest", key: new Uint8Array(32) },
    { network: "regtest", key: new Uint8Array(31) },
    { network: "regtest", key: "00" },
    { network: "regtest", addresses: { alice: ["host:1"] } },
    { network: "regtest", addresses: { [FAR]: "host:1" } },
    { network: "regtest", addresses: { [FAR]: [1] } },
    { network: "regtest", entropy: () => new Uint8Array(31) },
  ];
  for (const options of bad) {
    assert.throws(
      () => new TcpTransport(options as SocketTransportOptions),
      (error) => InvreqError.is(error) && error.code === "invalid_parameter",
    );
  }
  const { WebSocket } = globalThis;
  Reflect.deleteProperty(globalThis, "WebSocket");
  assert.throws(() => new WebSocketTransport({ network: "regtest" }), /pass that of the package ws/);
  if (WebSocket) globalThis.WebSocket = WebSocket;
});

test("each kind of socket knows its addresses", async () => {
  const connect = async (Transport: typeof TcpTransport | typeof WebSocketTransport, all: string[]) => {
    const options = { network: "regtest", addresses: { [FAR]: all }, WebSocket: class {} as never } as const;
    const route = await new Transport(options).findRoute(FAR, { signal: never });
    return route?.connect ?? [];
  };
  const tcp = ["1.2.3.4:9735", "[::1]:1", "node.example:65535"];
  const ws = ["ws://1.2.3.4:1", "wss://node.example", "WSS://[::1]:1/path"];
  const none = [
    "",
    ":1",
    "host",
    "host:0",
    "host:65536",
    "::1:80",
    "a b:1",
    "x.onion:1",
    "http://a:1",
    "ws://",
    "ws:///x",
    "[1.2.3.4]:1",
  ];
  for (const each of [...tcp, ...ws, ...none]) {
    assert.deepEqual(await connect(TcpTransport, [each]), tcp.includes(each) ? [each] : [], each);
    assert.deepEqual(await connect(WebSocketTransport, [each]), ws.includes(each) ? [each] : [], each);
  }
});

/** A point, and so many bytes: what an onion message is on the outside. */
function payload(text: string): Buffer {
  return Buffer.concat([Buffer.from(FAR, "hex"), Buffer.of(0, text.length), Buffer.from(text, "latin1")]);
}

test("what a host brings along is checked when the transport is made", async () => {
  const code = { code: "invalid_parameter" };
  const wrong = [
    { clock: 5 },
    { clock: { nowMs: () => 1 } },
    { entropy: 5 },
    { entropy: () => 5 },
    { directory: {} },
    { directory: { addresses: 5 } },
  ];
  for (const options of wrong) {
    assert.throws(() => new TcpTransport({ network: "regtest", ...options } as never), code);
  }
  const noClass = { network: "regtest", WebSocket: 5 };
  assert.throws(() => new WebSocketTransport(noClass as never), /has to be a class, not number/);
  assert.throws(() => new WebSocketTransport(undefined as never), code);
  // What is right is taken.
  const directory = { addresses: async () => [] };
  await new TcpTransport({ network: "regtest", directory }).close();
});
