import assert from "node:assert/strict";
import { test } from "node:test";

import { settle } from "./host.js";
import { ping } from "./support/far.js";
import { FAR, MESSAGE, never, online, stage } from "./support/socket-stage.js";

test("pauses double up to five minutes, and begin anew when there was a good connection", async () => {
  const { clock, dialer, begin } = stage();
  begin({ expiresAt: clock.ms / 1000 + 100_000 });
  await settle();
  dialer.behave = () => "unreachable";
  dialer.last.hangUp();
  await settle();
  /** The next connection comes after exactly this pause. */
  const comesAfter = async (pauseMs: number): Promise<void> => {
    const before = dialer.dialled.length;
    await clock.go(pauseMs - 1);
    assert.equal(dialer.dialled.length, before, `not before ${pauseMs}`);
    await clock.go(1);
    assert.equal(dialer.dialled.length, before + 1, `after ${pauseMs}`);
  };
  for (const seconds of [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]) await comesAfter(seconds * 1_000);
  // The browser says that there is a network: there may be one again.
  online();
  await settle();
  await comesAfter(2_000);
  for (const seconds of [4, 8, 16]) await comesAfter(seconds * 1_000);
  // One that lasts less than a minute changes nothing.
  dialer.behave = () => ({});
  await comesAfter(32_000);
  await clock.go(59_000);
  dialer.last.hangUp();
  await settle();
  await comesAfter(64_000);
  await clock.go(30_000);
  await clock.go(30_000);
  dialer.last.hangUp();
  await settle();
  await comesAfter(1_000);
  dialer.last.hangUp();
  await settle();
  // One that took a message was a good one, too.
  const sent = begin();
  await settle();
  assert.equal(sent.outcome, "accepted");
  dialer.last.hangUp();
  await settle();
  await comesAfter(1_000);
});

test("without a browser, the app says that the network is back", async () => {
  const { clock, dialer, begin, transport } = stage();
  transport.online();
  begin();
  await settle();
  dialer.behave = () => "unreachable";
  dialer.last.hangUp();
  await settle();
  for (const seconds of [1, 2, 4, 8]) await clock.go(seconds * 1_000);
  assert.equal(dialer.dialled.length, 5);
  dialer.behave = () => ({});
  transport.online();
  await settle();
  assert.equal(dialer.dialled.length, 6, "without the pause of 16 seconds");
  const silent = dialer.last;
  assert.ok(!silent.isClosed);
  silent.manners.pongs = false;
  transport.online();
  await clock.go(14_999);
  assert.ok(!silent.isClosed);
  await clock.go(1);
  assert.ok(silent.isClosed, "it did not answer");
  await transport.close();
  transport.online();
  await clock.go(60_000);
  assert.equal(dialer.dialled.length, 6, "what is closed stays closed");
});

test("the invoice that expires last says how long a connection is kept", async () => {
  const { clock, dialer, begin } = stage();
  begin({ expiresAt: clock.ms / 1000 + 25 });
  await settle();
  await clock.go(250);
  begin({ expiresAt: clock.ms / 1000 + 10 });
  await settle();
  assert.equal(dialer.last.messages.length, 2);
  await clock.go(24_000);
  assert.ok(!dialer.last.isClosed);
  await clock.go(1_000);
  assert.ok(dialer.last.isClosed);
});

test("a message that was given up while it waited is not sent", async () => {
  const { clock, dialer, begin } = stage();
  begin();
  await settle();
  const stop = new AbortController();
  const given = begin({}, stop.signal);
  const kept = begin();
  stop.abort();
  await clock.go(250);
  assert.deepEqual([given.outcome, kept.outcome], ["offline", "accepted"]);
  assert.equal(dialer.last.messages.length, 2);
});

test("a message does not wait for a connection that is made for replies: it may know a better address", async () => {
  const { clock, dialer, begin } = stage();
  begin();
  await settle();
  dialer.behave = (address) => (address === "far:1" ? "never" : {});
  dialer.last.hangUp();
  await settle();
  await clock.go(1_000);
  assert.equal(dialer.dialled.length, 2);
  const sent = begin({ connect: ["far:2"] });
  await settle();
  assert.equal(sent.outcome, "accepted");
  assert.ok(dialer.dialled[1]?.far.isClosed);
});

test("at most eight addresses of a node are tried", async () => {
  const all = Array.from({ length: 12 }, (_, at) => `far:${at}`);
  const { dialer, begin, transport } = stage("unreachable", { addresses: { [FAR]: all } });
  assert.equal((await transport.findRoute(FAR, { signal: never }))?.connect?.length, 8);
  const sent = begin({ packet: { firstHop: FAR, message: MESSAGE }, connect: all });
  await settle();
  assert.equal(sent.outcome, "no_route");
  assert.equal(dialer.dialled.length, 8);
});

test("what waits to be written goes on when there is room, also where the socket does not say so", async () => {
  const { clock, dialer, begin } = stage();
  begin();
  await settle();
  const far = dialer.last;
  far.manners.reads = false;
  for (let at = 0; at < 4; at++) far.say(ping(60_000));
  await settle();
  assert.ok(far.buffered > 64 * 1024);
  // It takes everything, and tells nobody.
  far.read();
  assert.equal(far.buffered, 0);
  await clock.go(50);
  assert.ok(far.buffered > 0);
});
