import assert from "node:assert/strict";
import { cpSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { test, type TestContext } from "node:test";

import type { Store } from "../src/host.js";
import { FileStore } from "../src/stores/file.js";
import {
  batch,
  bytes,
  countOpenFiles,
  errno,
  folder,
  locksOf,
  rejects,
  revision,
  use,
} from "./support/files.js";

test("a write whose sync failed is not done, and the store goes on", async (t) => {
  for (const [code, kind] of [
    ["EIO", "failed"],
    ["ENOSPC", "full"],
  ] as const) {
    const path = folder(`unsynced-${code}`);
    const store = await FileStore.open(path);
    await store.write(batch(1));
    await failOnce(t, path, "datasync", code);
    await rejects(store.write(batch(2)), kind, new RegExp(code));
    await answersAsReopened(path, store);
    assert.equal(await revision(store), 1);
    await store.write(batch(2));
    await answersAsReopened(path, store);
    await store.close();
    await use(path, async (again) => assert.equal(await revision(again), 2));
  }
});

for (const [call, found] of [
  ["truncate", 2],
  ["sync", 1],
] as const) {
  test(`where the ${call} fails that takes a write back, nothing is answered before it is opened again`, async (t) => {
    const path = folder(`broken-${call}`);
    const store = await FileStore.open(path);
    await store.write(batch(1));
    await failOnce(t, path, "datasync", "ENOSPC");
    await failOnce(t, path, call, "EIO");
    // Not `full`: it may have been done.
    await rejects(store.write(batch(2)), "failed", /not be taken back/);
    await rejects(revision(store), "failed", /open it again/);
    await rejects(store.write(batch(2)), "failed", /open it again/);
    // Whether the conditions hold is not known either.
    await rejects(store.write(batch(9)), "failed", /open it again/);
    await store.close();
    await use(path, async (again) => {
      assert.equal(await revision(again), found);
      await again.write(batch(found + 1));
      await answersAsReopened(path, again);
    });
    await use(path, async (again) => assert.equal(await revision(again), found + 1));
  });
}

test("a frame that a full disk cut short is taken back, and a smaller one has room", async (t) => {
  const path = folder("half");
  const store = await FileStore.open(path);
  await store.write(batch(1));
  const { size } = statSync(join(path, "entries.log"));
  const restore = await fillDisk(t, path, 10_000);
  const large = { ...batch(2), puts: [{ key: bytes("a"), value: new Uint8Array(100_000) }] };
  await rejects(store.write(large), "full", /ENOSPC/);
  assert.equal(statSync(join(path, "entries.log")).size, size);
  await answersAsReopened(path, store);
  await store.write(batch(2));
  await failOnce(t, path, "truncate", "EIO");
  await rejects(store.write({ ...large, revision: 3n }), "failed", /not be taken back/);
  await rejects(revision(store), "failed", /open it again/);
  await store.close();
  restore();
  await use(path, async (again) => assert.equal(await revision(again), 2));
});

test("a disk that became read-only is still read", async (t) => {
  const path = folder("became-read-only");
  const store = await FileStore.open(path);
  await store.write(batch(1));
  await failOnce(t, path, "write", "EROFS");
  await failOnce(t, path, "truncate", "EROFS");
  await rejects(store.write(batch(2)), "read_only", /EROFS/);
  assert.equal(await revision(store), 1);
  await store.close();
});

test("what is read when the store is opened again outlasts a power cut", async (t) => {
  const path = folder("power");
  const store = await FileStore.open(path);
  await store.write(batch(1));
  const medium = await watchMedium(t, path);
  await failOnce(t, path, "truncate", "EIO");
  medium.isFailing = true;
  await rejects(store.write(batch(2)), "failed", /EIO/);
  await store.close();
  medium.isFailing = false;
  await use(path, async (again) => assert.equal(await revision(again), 2));
  await use(afterPowerCut(path, medium), async (again) => assert.equal(await revision(again), 2));
  await use(path, (again) => again.write(batch(3)));
  await use(afterPowerCut(path, medium), async (again) => assert.equal(await revision(again), 3));
});

test("what cannot be made durable is not opened", async (t) => {
  const path = folder("not-durable");
  await use(path, (store) => store.write(batch(1)));
  const prototype = await handlePrototype(path);
  const { sync } = prototype;
  const openFiles = countOpenFiles();
  for (const isFailing of ["isFile", "isDirectory"] as const) {
    const mocked = t.mock.method(prototype, "sync", async function (this: FileHandle) {
      if ((await this.stat())[isFailing]()) throw errno("EIO");
      await sync.call(this);
    });
    await rejects(FileStore.open(path), "failed", /EIO/);
    mocked.mock.restore();
    assert.equal(countOpenFiles(), openFiles);
  }
  await use(path, async (store) => assert.equal(await revision(store), 1));
});

test("a write that was taken back does not return after a power cut", async (t) => {
  const path = folder("no-return");
  const store = await FileStore.open(path);
  await store.write(batch(1));
  const medium = await watchMedium(t, path);
  // The medium has it all, and the system says that it has not.
  medium.isLying = true;
  await rejects(store.write(batch(2)), "failed", /EIO/);
  assert.equal(await revision(store), 1);
  await use(afterPowerCut(path, medium), async (again) => assert.equal(await revision(again), 1));
  await store.close();
});

/** What a medium has of a log, as after a power cut. */
interface Medium {
  log: Buffer;
  /** A sync fails, and the system forgets what was to be written. */
  isFailing: boolean;
  /** The next `datasync` is done and said to have failed. */
  isLying: boolean;
}

/** Keeps a medium beside what the system shows of it: written to by every sync that succeeds. */
async function watchMedium(t: TestContext, path: string): Promise<Medium> {
  const medium: Medium = { log: readFileSync(join(path, "entries.log")), isFailing: false, isLying: false };
  let unsynced: ((log: Buffer) => Buffer)[] = [];
  const prototype = await handlePrototype(path);
  const { truncate, sync, datasync } = prototype;
  const write: Write = prototype.write;
  t.mock.method(prototype, "write", function (this: FileHandle, ...words: Parameters<Write>) {
    unsynced.push(writeAt(...words));
    return write.call(this, ...words);
  });
  t.mock.method(prototype, "truncate", function (this: FileHandle, length = 0) {
    unsynced.push((log) => log.subarray(0, length));
    return truncate.call(this, length);
  });
  const flush = (by: () => Promise<void>) =>
    async function (this: FileHandle): Promise<void> {
      await by.call(this);
      // A folder is synced too.
      if (!(await this.stat()).isFile()) return;
      const changes = unsynced;
      unsynced = [];
      if (medium.isFailing) throw errno("EIO");
      for (const change of changes) medium.log = change(medium.log);
      if (!medium.isLying) return;
      medium.isLying = false;
      throw errno("EIO");
    };
  t.mock.method(prototype, "sync", flush(sync));
  t.mock.method(prototype, "datasync", flush(datasync));
  return medium;
}

/** How the log writes. */
type Write = (bytes: Uint8Array, offset: number, length: number, at: number) => Promise<unknown>;

function writeAt(bytes: Uint8Array, offset: number, length: number, at: number): (log: Buffer) => Buffer {
  const piece = Buffer.from(bytes.subarray(offset, offset + length));
  return (log) => {
    const gap = Buffer.alloc(Math.max(0, at - log.length));
    return Buffer.concat([log.subarray(0, at), gap, piece, log.subarray(at + length)]);
  };
}

/** A copy of the folder with what is on the medium. */
function afterPowerCut(path: string, { log }: Medium): string {
  const copy = copyOf(path);
  writeFileSync(join(copy, "entries.log"), log);
  return copy;
}

/** Asserts that the store says what is found when a copy of its folder is opened. */
async function answersAsReopened(path: string, store: Store): Promise<void> {
  const all = (each: Store): Promise<unknown> => each.range(bytes(""), Uint8Array.of(0xff), 100);
  await use(copyOf(path), async (again) => assert.deepEqual(await all(store), await all(again)));
}

let copies = 0;

/** A copy of the folder without the lock, which is that of a living process. */
function copyOf(path: string): string {
  const copy = `${path}-copy-${copies++}`;
  cpSync(path, copy, { recursive: true });
  for (const lock of locksOf(copy)) rmSync(join(copy, lock));
  return copy;
}

/** The next call of this method of any open file rejects, and does nothing. */
async function failOnce(
  t: TestContext,
  path: string,
  method: "datasync" | "sync" | "truncate" | "write",
  code: string,
): Promise<void> {
  const prototype = await handlePrototype(path);
  const before: unknown = prototype[method];
  t.mock.method(prototype, method, () => {
    Reflect.set(prototype, method, before);
    return Promise.reject(errno(code));
  });
}

/** From now on the disk has room for the first so many bytes of a file, as a system does it: what fits is written. */
async function fillDisk(t: TestContext, path: string, room: number): Promise<() => void> {
  const prototype = await handlePrototype(path);
  const write: Write = prototype.write;
  const full: Write = function (this: FileHandle, bytes, offset, length, at) {
    if (at >= room) return Promise.reject(errno("ENOSPC"));
    return write.call(this, bytes, offset, Math.min(length, room - at), at);
  };
  const mocked = t.mock.method(prototype, "write", full as FileHandle["write"]);
  return () => mocked.mock.restore();
}

/** What the methods of all open files are on. */
async function handlePrototype(path: string): Promise<FileHandle> {
  const handle = await open(join(path, "entries.log"));
  await handle.close();
  return Object.getPrototypeOf(handle) as FileHandle;
}
