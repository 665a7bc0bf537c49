import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import fs, {
  existsSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import fsp, { type FileHandle } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { FileStore } from "../src/stores/file.js";
import {
  folder,
  bytes,
  batch,
  revision,
  use,
  fill,
  takeOver,
  replace,
  errno,
  countOpenFiles,
  locksOf,
  rejects,
} from "./support/files.js";

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

test("a store whose lock was taken over neither reads nor writes any more", async () => {
  const path = folder("taken");
  const store = await FileStore.open(path);
  takeOver(path);
  await rejects(revision(store), "failed", /took over/);
  await rejects(store.write(batch(1)), "failed", /took over/);
  // Whether the conditions of a batch hold is the other's to say.
  await rejects(store.write(batch(7)), "failed", /took over/);
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
  await rejects(revision(store), "failed", /open it again/);
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
