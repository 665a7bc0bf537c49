import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { FileStore } from "../src/stores/file.js";
import { changesOf, frameOf, HEAD_LEN } from "../src/stores/file-frames.js";
import { storeConformance } from "../src/testing.js";
import { root, folder, bytes, batch, revision, use, locksOf, rejects } from "./support/files.js";

const NOBODY = 65_534;

test("FileStore keeps the contract", async () => {
  const generation = new Map<string, number>();
  const path = (name: string): string => folder(`${name}-${generation.get(name) ?? 0}`);
  const report = await storeConformance({
    shared: false,
    open: (name) => FileStore.open(path(name)),
    // A copy of the folder is what a crash leaves; the lock in it is that of a process which is alive.
    async crash(name, store) {
      const before = path(name);
      generation.set(name, (generation.get(name) ?? 0) + 1);
      cpSync(before, path(name), { recursive: true });
      for (const lock of locksOf(path(name))) rmSync(join(path(name), lock));
      await store.close();
    },
  });
  report.assertPassed();
  const skipped = report.checks.filter((check) => check.outcome === "skipped").map((check) => check.name);
  assert.deepEqual(skipped, [
    "race-of-handles",
    "close-is-for-one-handle",
    "watch-tells-of-others",
    "one-leads",
  ]);
});

test("a log that was cut off anywhere holds every whole write before", async () => {
  const path = folder("cut");
  const log = join(path, "entries.log");
  const lengths: number[] = [];
  await use(path, async (store) => {
    lengths.push(statSync(log).size);
    for (let revision = 1; revision <= 4; revision++) {
      await store.write(batch(revision));
      lengths.push(statSync(log).size);
    }
  });
  const whole = readFileSync(log);
  for (let length = whole.length; length >= (lengths[0] ?? 0); length--) {
    writeFileSync(log, whole.subarray(0, length));
    const expected = lengths.filter((end) => end <= length).length - 1;
    await use(path, async (store) => assert.equal(await revision(store), expected, `cut at ${length}`));
    assert.equal(statSync(log).size, lengths[expected]);
  }
});

test("zeros and rubbish behind the last write are dropped, and writing goes on", async () => {
  const path = folder("rubbish");
  const log = join(path, "entries.log");
  await use(path, (store) => store.write(batch(1)));
  let written = 1;
  for (const rubbish of [
    Buffer.alloc(5_000),
    Buffer.from("iqfr"),
    Buffer.from("iqfr".repeat(100)),
    readFileSync(log).subarray(HEAD_LEN),
  ]) {
    writeFileSync(log, Buffer.concat([readFileSync(log), rubbish]));
    await use(path, async (store) => {
      assert.equal(await revision(store), written);
      await store.write(batch(++written));
    });
  }
  await use(path, async (store) => assert.equal(await revision(store), written));
});

test("every altered byte before the last write is told, and nothing is dropped", async () => {
  const path = folder("altered");
  const log = join(path, "entries.log");
  const ends: number[] = [];
  await use(path, async (store) => {
    for (let revision = 1; revision <= 3; revision++) {
      await store.write(batch(revision));
      ends.push(statSync(log).size);
    }
  });
  const whole = readFileSync(log);
  for (let at = 0; at < (ends[1] ?? 0); at++) {
    const altered = Buffer.from(whole);
    altered[at] = (altered[at] ?? 0) ^ 0x20;
    writeFileSync(log, altered);
    await rejects(FileStore.open(path), at < 12 ? "foreign" : "corrupt");
    assert.deepEqual(readFileSync(log), altered);
  }
});

test("a log whose head is cut short is damaged", async () => {
  const path = folder("no-head");
  await use(path, (store) => store.write(batch(1)));
  for (const length of [HEAD_LEN - 1, 20, 12]) {
    truncateSync(join(path, "entries.log"), length);
    await rejects(FileStore.open(path), "corrupt");
  }
});

test("what a request carries does not pass for a later write", async () => {
  const path = folder("forged");
  const log = join(path, "entries.log");
  let end = 0;
  await use(path, async (store) => {
    await store.write(batch(1));
    end = statSync(log).size;
    // Everything but the salt of this log is known.
    const forged = frameOf(Buffer.alloc(16), 3n, changesOf(batch(3)));
    await store.write({ ...batch(2), puts: [{ key: bytes("a"), value: forged }] });
  });
  for (let size = statSync(log).size - 1; size > end; size--) {
    truncateSync(log, size);
    const torn = readFileSync(log);
    await use(path, async (store) => assert.equal(await revision(store), 1, `cut at ${size}`));
    writeFileSync(log, torn);
  }
});

test("a log is written anew, and holds the same", async () => {
  const path = folder("long");
  const log = join(path, "entries.log");
  const value = new Uint8Array(100_000);
  await use(path, async (store) => {
    for (let revision = 1; revision <= 60; revision++) {
      await store.write({
        ...batch(revision),
        puts: [{ key: bytes(`k${revision % 3}`), value: value.fill(revision) }],
      });
      const size = statSync(log).size;
      assert.ok(size < 3_000_000, `${size}`);
    }
  });
  assert.ok(!existsSync(join(path, "entries.new")));
  await use(path, async (store) => {
    assert.equal(await revision(store), 60);
    const entries = await store.range(bytes("k"), bytes("l"), 10);
    assert.deepEqual(
      entries.map(({ value }) => value[0]),
      [60, 58, 59],
    );
    await store.write(batch(61));
  });
  await use(path, async (store) => assert.equal(await revision(store), 61));
});

test("a log that was being written anew is left alone", async () => {
  const path = folder("unfinished");
  await use(path, (store) => store.write(batch(1)));
  writeFileSync(join(path, "entries.new"), "half a log");
  await use(path, async (store) => assert.equal(await revision(store), 1));
  assert.ok(!existsSync(join(path, "entries.new")));
});

test("what is none of ours stays as it is, and what may not be written is told", async () => {
  const notes = folder("notes");
  mkdirSync(notes);
  writeFileSync(join(notes, "entries.log"), "some notes of mine");
  await rejects(FileStore.open(notes), "foreign");
  assert.equal(readFileSync(join(notes, "entries.log"), "utf8"), "some notes of mine");
  const file = folder("no-folder");
  writeFileSync(file, "");
  await rejects(FileStore.open(file), "foreign");
  await rejects(FileStore.open(undefined as never), "invalid");

  const path = folder("read-only");
  await use(path, (store) => store.write(batch(1)));
  assert.equal(statSync(path).mode & 0o777, 0o700);
  assert.equal(statSync(join(path, "entries.log")).mode & 0o777, 0o600);
  chmodSync(path, 0o500);
  // The superuser may write everything, so the test is somebody else for a moment.
  const isRoot = process.getuid?.() === 0;
  if (isRoot) {
    chmodSync(root, 0o777);
    for (const each of [path, ...readdirSync(path).map((name) => join(path, name))])
      chownSync(each, NOBODY, NOBODY);
    process.seteuid?.(NOBODY);
  }
  try {
    await rejects(FileStore.open(path), "read_only");
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
});

test("a full disk is its own error, and nothing was written", async () => {
  const path = folder("full");
  const child = fork(new URL("support/full-disk.ts", import.meta.url), [path], {
    execPath: "/bin/sh",
    execArgv: ["-c", `ulimit -f 64; trap '' XFSZ; exec "${process.execPath}" --import tsx "$0" "$@"`],
  });
  const [said] = await once(child, "message");
  assert.deepEqual(said, { kind: "full", revision: 1, again: "done" });
  truncateSync(join(path, "entries.log"), statSync(join(path, "entries.log")).size);
  await use(path, async (store) => assert.equal(await revision(store), 2));
});
