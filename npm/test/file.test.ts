import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import fs, {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import fsp, { type FileHandle } from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { after, test, type TestContext } from "node:test";

import { type Batch, type Store, StoreError } from "../src/host.js";
import { FileStore } from "../src/stores/file.js";
import { changesOf, frameOf, HEAD_LEN } from "../src/stores/file-frames.js";
import { storeConformance } from "../src/testing.js";

const NOBODY = 65_534;
const root = mkdtempSync(join(tmpdir(), "invreq-files-"));
after(() => rmSync(root, { recursive: true, force: true }));

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

test("one process has the folder", async () => {
  const path = folder("locked");
  const store = await FileStore.open(path);
  await rejects(FileStore.open(path), "failed", /this process has it open/);
  const child = fork(new URL("support/write-for-ever.ts", import.meta.url), ["file", path], {
    stdio: "pipe",
  });
  let output = "";
  child.stderr?.on("data", (text) => (output += String(text)));
  await once(child, "exit");
  assert.match(output, new RegExp(`process ${process.pid} on`));
  await store.close();
  await use(path, (again) => again.write(batch(1)));
});

test("locks of the dead are taken over, and those of the living are not", async () => {
  const path = folder("stale");
  await use(path, (store) => store.write(batch(1)));
  const lock = (contents: object | string, ageS = 0): void => {
    const [last = ""] = locksOf(path).slice(-1);
    const name = join(path, last);
    writeFileSync(name, typeof contents === "string" ? contents : JSON.stringify(contents));
    utimesSync(name, Date.now() / 1000 - ageS, Date.now() / 1000 - ageS);
  };
  const opens = (): Promise<void> => use(path, async (store) => assert.equal(await revision(store), 1));
  const host = hostname();
  // No such process, or another one with its number.
  lock({ host, pid: 2 ** 22 + 1, start: "" });
  await opens();
  lock({ host, pid: process.pid, start: "another boot/1" });
  await opens();
  // Somebody who is alive, whoever it is.
  lock({ host, pid: process.pid, start: "" });
  await rejects(FileStore.open(path), "failed", /has it open/);
  lock({ host, pid: 1, start: "" });
  await rejects(FileStore.open(path), "failed", /process 1 on/);
  // Another machine.
  lock({ host: "elsewhere", pid: 1, start: "" }, 30);
  await rejects(FileStore.open(path), "failed", /on elsewhere/);
  lock({ host: "elsewhere", pid: 1, start: "" }, 61);
  await opens();
  // Killed while it made its lock.
  lock("");
  await rejects(FileStore.open(path), "failed", /is opening it/);
  lock("", 6);
  await opens();
  assert.equal(locksOf(path).length, 1);
});

test("of many that find a stale lock one gets it", async () => {
  const path = folder("takeover");
  await use(path, (store) => store.write(batch(1)));
  const [last = ""] = locksOf(path);
  for (let round = 0; round < 3; round++) {
    const [stale = last] = locksOf(path).slice(-1);
    writeFileSync(join(path, stale), JSON.stringify({ host: hostname(), pid: 2 ** 22 + 1, start: "" }));
    const children = Array.from({ length: 4 }, () =>
      fork(new URL("support/write-for-ever.ts", import.meta.url), ["file", path], { stdio: "pipe" }),
    );
    const ends = children.map((child) =>
      Promise.race([once(child, "exit").then(() => "out"), once(child, "message").then(() => "in")]),
    );
    const results = await Promise.all(ends);
    for (const child of children) child.kill("SIGKILL");
    assert.equal(results.filter((result) => result === "in").length, 1, results.join());
    await Promise.all(children.map((child) => child.exitCode ?? child.signalCode ?? once(child, "exit")));
  }
});

test("a store whose lock was taken over does not write any more", async () => {
  const path = folder("taken");
  const store = await FileStore.open(path);
  takeOver(path);
  await rejects(store.write(batch(1)), "failed", /took over/);
  await store.close();
  await rejects(FileStore.open(path), "failed", /process 1/);
});

test("whoever was slow to make a lock that others had meanwhile does not get the folder", async (t) => {
  const path = folder("slow");
  await use(path, (store) => store.write(batch(1)));
  writeFileSync(join(path, "entries.new"), "another process writes the log anew");
  const { openSync } = fs;
  replace(t, fs, "openSync", (name: string, ...more: [string, number]) => {
    if (name.endsWith("lock-2")) {
      // One took lock 2 and gave it back, and one that is alive has lock 3.
      rmSync(join(path, "lock-1"));
      writeFileSync(join(path, "lock-3"), JSON.stringify({ host: hostname(), pid: 1, start: "" }));
    }
    return openSync(name, ...more);
  });
  await rejects(FileStore.open(path), "failed", /faster/);
  assert.deepEqual(locksOf(path), ["lock-3"]);
  assert.ok(existsSync(join(path, "entries.new")));
});

test("a lock that is gone is not held, and neither is one that cannot be looked for", async (t) => {
  for (const lose of [
    (path: string) => rmSync(join(path, "lock-1")),
    (path: string) => rmSync(path, { recursive: true }),
  ]) {
    const path = folder("gone");
    const store = await FileStore.open(path);
    lose(path);
    await rejects(store.write(batch(1)), "failed", /took over/);
    await store.close();
    rmSync(path, { recursive: true, force: true });
  }
  const path = folder("unknown");
  const store = await FileStore.open(path);
  const restore = replace(t, fsp, "access", () => Promise.reject(errno("EIO")));
  await rejects(store.write(batch(1)), "failed", /EIO/);
  await rejects(store.close(), "failed", /EIO/);
  restore();
  assert.deepEqual(readFileSync(join(path, "lock-1"), "utf8").includes(`"pid":${process.pid}`), true);
});

test("a lock that cannot be written leaves nothing behind", async (t) => {
  const path = folder("no-room");
  await use(path, (store) => store.write(batch(1)));
  const restore = replace(t, fs, "writeSync", () => {
    throw errno("ENOSPC");
  });
  const open = countOpenFiles();
  await rejects(FileStore.open(path), "full");
  restore();
  assert.equal(countOpenFiles(), open);
  assert.deepEqual(locksOf(path), ["lock-1"]);
  await use(path, async (store) => assert.equal(await revision(store), 1));
});

test("a lock that cannot be given back is told, and does not hide what went wrong before", async (t) => {
  const path = folder("kept-lock");
  const store = await FileStore.open(path);
  await store.write(batch(1));
  // As on a full disk: the file is emptied, and then there is no room.
  const fail = (): (() => void) =>
    replace(t, fsp, "writeFile", (name: string) => {
      truncateSync(name);
      return Promise.reject(errno("ENOSPC"));
    });
  let restore = fail();
  await rejects(store.close(), "full");
  restore();
  const age = (): void => {
    for (const lock of locksOf(path)) utimesSync(join(path, lock), 0, 0);
  };
  age();
  const log = readFileSync(join(path, "entries.log"));
  writeFileSync(join(path, "entries.log"), "something else");
  restore = fail();
  await rejects(FileStore.open(path), "foreign");
  restore();
  age();
  writeFileSync(join(path, "entries.log"), log);
  await use(path, async (again) => assert.equal(await revision(again), 1));
});

test("a write that a takeover came between is not said to be done", async (t) => {
  const path = folder("overtaken");
  const store = await FileStore.open(path);
  await store.write(batch(1));
  const handle = await fsp.open(join(path, "entries.log"));
  const prototype = Object.getPrototypeOf(handle) as FileHandle;
  await handle.close();
  const { datasync } = prototype;
  t.mock.method(prototype, "datasync", async function (this: FileHandle) {
    await datasync.call(this);
    takeOver(path);
  });
  await rejects(store.write(batch(2)), "failed", /took over/);
  assert.equal(await revision(store), 1);
  await store.close();
});

test("a log that is written anew does not replace that of a process that took over", async (t) => {
  const path = folder("replaced");
  const store = await FileStore.open(path);
  const log = join(path, "entries.log");
  const isAnew = new Promise<void>((resolve) => {
    const { open } = fsp;
    replace(t, fsp, "open", (name: string, ...more: [string, number]) => {
      if (name.endsWith("entries.new")) {
        takeOver(path);
        writeFileSync(log, "what the other one wrote");
        resolve();
      }
      return open(name, ...more);
    });
  });
  await fill(store);
  await isAnew;
  await store.close();
  assert.equal(readFileSync(log, "utf8"), "what the other one wrote");
});

test("where a log that was written anew cannot be put in place, the old one is written on", async (t) => {
  const path = folder("unreplaced");
  const store = await FileStore.open(path);
  let refused = 0;
  const restore = replace(t, fsp, "rename", () => {
    refused++;
    return Promise.reject(errno("EBUSY"));
  });
  let last = await fill(store);
  await store.write(batch(++last));
  assert.equal(refused, 1);
  restore();
  last = await fill(store, last);
  await store.close();
  assert.ok(statSync(join(path, "entries.log")).size < 1_000_000);
  await use(path, async (again) => assert.equal(await revision(again), last));
});

// With long values the log is written anew after every few writes.
for (const length of [8, 200_000]) {
  test(`what a killed process wrote is there, ${length} bytes each`, { timeout: 60_000 }, async () => {
    const path = folder(`killed-${length}`);
    let last = 0;
    for (let round = 1; round <= 8; round++) {
      const program = new URL("support/write-for-ever.ts", import.meta.url);
      const child = fork(program, ["file", path, "", String(length)]);
      child.on("message", (revision) => (last = Number(revision)));
      while (last < round * 20) await new Promise((resolve) => setTimeout(resolve, round));
      child.kill("SIGKILL");
      await once(child, "exit");
      await use(path, async (store) => {
        const entries = await store.range(bytes(""), Uint8Array.of(0xff), 100);
        const values = new Set(entries.map(({ value }) => new DataView(value.buffer).getBigUint64(0)));
        assert.equal(values.size, 1, "a write is there in part");
        assert.ok([...values].every((revision) => revision >= BigInt(last)));
      });
    }
  });
}

test("what is none of ours stays as it is, and what may not be written is told", async () => {
  const notes = folder("notes");
  mkdirSync(notes);
  writeFileSync(join(notes, "entries.log"), "some notes of mine");
  await rejects(FileStore.open(notes), "foreign");
  assert.equal(readFileSync(join(notes, "entries.log"), "utf8"), "some notes of mine");
  const file = folder("no-folder");
  writeFileSync(file, "");
  await rejects(FileStore.open(file), "foreign");

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

function folder(name: string): string {
  return join(root, name);
}

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function batch(number: number): Batch {
  const value = new Uint8Array(8);
  new DataView(value.buffer).setBigUint64(0, BigInt(number));
  return {
    puts: [{ key: bytes("a"), value }],
    deletes: [bytes("b")],
    absent: [],
    revisionKey: bytes("r"),
    revision: BigInt(number),
  };
}

async function revision(store: Store): Promise<number> {
  const [entry] = await store.range(bytes("r"), bytes("s"), 1);
  return entry ? Number(new DataView(entry.value.buffer).getBigUint64(0)) : 0;
}

async function use(path: string, work: (store: Store) => Promise<void>): Promise<void> {
  const store = await FileStore.open(path);
  await work(store).finally(() => store.close());
}

/** Writes until the log is long enough to be written anew, and says the last revision. */
async function fill(store: Store, from = 0): Promise<number> {
  const value = new Uint8Array(100_000);
  const last = from + 13;
  for (let next = from + 1; next <= last; next++) {
    await store.write({ ...batch(next), puts: [{ key: bytes("k"), value }] });
  }
  return last;
}

/** What a process that takes the folder over does. */
function takeOver(path: string): void {
  const number = Number(locksOf(path)[0]?.slice("lock-".length));
  writeFileSync(join(path, `lock-${number + 1}`), JSON.stringify({ host: hostname(), pid: 1, start: "" }));
}

/** Puts another function in the place of one of Node's for the rest of the test, or until it is called off. */
function replace(
  t: TestContext,
  module: object,
  name: string,
  by: (...words: never[]) => unknown,
): () => void {
  const before: unknown = Reflect.get(module, name);
  const restore = (): void => {
    Reflect.set(module, name, before);
    syncBuiltinESMExports();
  };
  Reflect.set(module, name, by);
  syncBuiltinESMExports();
  t.after(restore);
  return restore;
}

function errno(code: string): Error {
  return Object.assign(new Error(code), { code });
}

function countOpenFiles(): number {
  return readdirSync("/proc/self/fd").length;
}

function locksOf(path: string): string[] {
  return readdirSync(path).filter((name) => name.startsWith("lock-"));
}

async function rejects(call: Promise<unknown>, kind: string, message = /./): Promise<void> {
  await assert.rejects(call, (error) => {
    assert.ok(error instanceof StoreError, String(error));
    assert.equal(error.kind, kind, error.message);
    assert.match(error.message, message);
    return true;
  });
}
