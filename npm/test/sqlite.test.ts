import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

import { StoreError } from "../src/host.js";
import { SqliteStore } from "../src/stores/sqlite.js";
import { type Database, failure, loadDriver, type SqliteDriver } from "../src/stores/sqlite-driver.js";
import { openFile } from "../src/stores/sqlite-file.js";
import { storeConformance } from "../src/testing.js";

const NOBODY = 65_534;
const folder = mkdtempSync(join(tmpdir(), "invreq-sqlite-"));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Node 20 has the package, later ones have both or, where the package was built for another Node, their own. */
const drivers: SqliteDriver[] = [];
for (const driver of ["better-sqlite3", "node:sqlite"] as const) {
  if (
    await loadDriver(driver).then(
      () => true,
      () => false,
    )
  )
    drivers.push(driver);
}

test("there is a driver", () => {
  assert.ok(drivers.length > 0);
});

for (const driver of drivers) {
  test(`SqliteStore keeps the contract over ${driver}`, async () => {
    const open = (name: string): Promise<SqliteStore> =>
      SqliteStore.open(file(`${driver}-${name}`), { driver });
    const report = await storeConformance({ open });
    report.assertPassed();
    assert.deepEqual(
      report.checks.filter((check) => check.outcome === "skipped"),
      [],
    );
  });

  test(`every commit is synced, and the file is that of the Rust library, over ${driver}`, async () => {
    const path = file(`format-${driver}`);
    const store = await SqliteStore.open(path, { driver });
    await store.write({
      puts: [entry("a", "1")],
      deletes: [],
      absent: [],
      revisionKey: bytes("r"),
      revision: 1n,
    });
    const database = await raw(path);
    const pragma = (name: string): unknown =>
      Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0];
    assert.deepEqual(["application_id", "user_version", "page_size", "journal_mode"].map(pragma), [
      0x696e7671,
      1,
      8192,
      "wal",
    ]);
    const layout = database
      .prepare("SELECT sql FROM sqlite_schema")
      .all()
      .map((row) => row["sql"]);
    const rust = readFileSync(new URL("../../core/src/store/sqlite/database.rs", import.meta.url), "utf8");
    assert.ok(rust.includes(`"${String(layout[0])}"`), "the table is the one of the Rust library");
    assert.equal(layout.length, 1);
    database.close();
    await store.close();
    assert.equal(statSync(path).mode & 0o777, 0o600);
  });

  test(`foreign and damaged files are told and stay as they are, over ${driver}`, async () => {
    const text = file(`text-${driver}`);
    writeFileSync(text, "some notes of mine");
    await rejects(SqliteStore.open(text, { driver }), "foreign");
    assert.equal(readFileSync(text, "utf8"), "some notes of mine");

    const other = file(`other-${driver}`);
    await change(other, "CREATE TABLE notes (note TEXT)", true);
    const before = readFileSync(other);
    await rejects(SqliteStore.open(other, { driver }), "foreign");
    assert.deepEqual(readFileSync(other), before);

    const later = file(`later-${driver}`);
    await (await SqliteStore.open(later, { driver })).close();
    await change(later, "PRAGMA user_version = 2");
    await rejects(SqliteStore.open(later, { driver }), "foreign");

    const altered = file(`altered-${driver}`);
    await (await SqliteStore.open(altered, { driver })).close();
    await change(altered, "ALTER TABLE entries ADD COLUMN note TEXT");
    await rejects(SqliteStore.open(altered, { driver }), "corrupt");

    await rejects(SqliteStore.open(join(folder, "no", "folder"), { driver }), "failed");
    await rejects(SqliteStore.open(folder, { driver }), "failed");
    await rejects(SqliteStore.open(undefined as never, { driver }), "invalid");
    await (await SqliteStore.open(file(`null-${driver}`), null as never)).close();
  });

  test(`a lock that stays is an error, and holds up nothing else, over ${driver}`, async () => {
    const path = file(`locked-${driver}`);
    const store = await SqliteStore.open(path, { driver });
    const other = await raw(path);
    other.exec("BEGIN IMMEDIATE");
    const batch = { puts: [], deletes: [], absent: [], revisionKey: bytes("r"), revision: 1n };
    let ticks = 0;
    const timer = setInterval(() => ticks++, 20);
    await rejects(store.write(batch), "failed", /another process keeps its file locked/);
    clearInterval(timer);
    assert.ok(ticks > 50, `${ticks}`);
    other.exec("ROLLBACK");
    other.close();
    await store.write(batch);
    await store.close();
  });

  test(`errors of the database are told apart, over ${driver}`, async () => {
    const path = file(`errors-${driver}`);
    const openDatabase = await loadDriver(driver);
    const database = await openFile(openDatabase, path);
    database.exec("PRAGMA max_page_count = 10");
    const put = (): unknown =>
      database.prepare("INSERT INTO entries VALUES (?, ?)").run(bytes("a"), new Uint8Array(1 << 20));
    assert.equal(kindOf(put), "full");
    database.exec("PRAGMA query_only = ON");
    assert.equal(kindOf(put), "read_only");
    assert.equal(
      kindOf(() => database.exec("nonsense")),
      "failed",
    );
    database.close();
    const text = file(`no-database-${driver}`);
    writeFileSync(text, "x".repeat(4096));
    const odd = openDatabase(text, { readOnly: true });
    assert.equal(
      kindOf(() => odd.prepare("SELECT * FROM sqlite_schema").all()),
      "foreign",
    );
    odd.close();
  });

  test(`what a killed process wrote is there, over ${driver}`, { timeout: 60_000 }, async () => {
    const path = file(`killed-${driver}`);
    let last = 0n;
    for (let round = 1; round <= 3; round++) {
      const child = fork(new URL("support/write-for-ever.ts", import.meta.url), ["sqlite", path, driver]);
      child.on("message", (revision) => (last = BigInt(String(revision))));
      while (last < BigInt(round * 20)) await new Promise((resolve) => setTimeout(resolve, 5));
      child.kill("SIGKILL");
      await once(child, "exit");
      const store = await SqliteStore.open(path, { driver });
      const entries = await store.range(bytes(""), Uint8Array.of(0xff), 100);
      const values = new Set(entries.map(({ value }) => new DataView(value.buffer).getBigUint64(0)));
      assert.equal(values.size, 1, "a write is there in part");
      assert.ok([...values].every((revision) => revision >= last));
      await store.close();
    }
  });
}

test("a file that may not be written is refused", async () => {
  const path = file("read-only");
  await (await SqliteStore.open(path)).close();
  chmodSync(path, 0o400);
  // The superuser may write everything, so the test is somebody else for a moment.
  const isRoot = process.getuid?.() === 0;
  if (isRoot) {
    chmodSync(folder, 0o777);
    chownSync(path, NOBODY, NOBODY);
    process.seteuid?.(NOBODY);
  }
  try {
    await rejects(SqliteStore.open(path), "read_only");
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
});

test(
  "processes on one file: each write is of one, and one leads until it is gone",
  { timeout: 60_000 },
  async () => {
    const path = file("processes");
    const store = await SqliteStore.open(path);
    const children = [1, 2].map(() => fork(new URL("support/compete.ts", import.meta.url), [path, "40"]));
    const results = await Promise.all(
      children.map(async (child) => (await once(child, "message"))[0] as { won: number; heard: number }),
    );
    assert.equal(
      results.reduce((sum, { won }) => sum + won, 0),
      40,
    );
    const [entry] = await store.range(bytes("r"), bytes("s"), 1);
    assert.equal(entry && new DataView(entry.value.buffer).getBigUint64(0), 40n);

    const [first, second] = children;
    const led: string[] = [];
    for (const [name, child] of [
      ["first", first],
      ["second", second],
    ] as const) {
      child?.on("message", (said) => said === "leads" && led.push(name));
    }
    first?.send("lead");
    while (led.length < 1) await new Promise((resolve) => setTimeout(resolve, 10));
    second?.send("lead");
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    assert.deepEqual(led, ["first"]);
    first?.kill("SIGKILL");
    while (led.length < 2) await new Promise((resolve) => setTimeout(resolve, 10));
    assert.deepEqual(led, ["first", "second"]);
    second?.kill("SIGKILL");
    await store.close();
  },
);

function kindOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return failure(error).kind;
  }
  return "done";
}

function file(name: string): string {
  return join(folder, name);
}

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function entry(key: string, value: string): { key: Uint8Array; value: Uint8Array } {
  return { key: bytes(key), value: bytes(value) };
}

async function raw(path: string): Promise<Database> {
  return (await loadDriver(undefined))(path, { readOnly: false });
}

async function change(path: string, sql: string, isNew = false): Promise<void> {
  if (isNew) writeFileSync(path, "");
  const database = await raw(path);
  database.exec(sql);
  database.close();
}

async function rejects(call: Promise<unknown>, kind: string, message = /./): Promise<void> {
  await assert.rejects(call, (error) => {
    assert.ok(error instanceof StoreError, String(error));
    assert.equal(error.kind, kind, error.message);
    assert.match(error.message, message);
    return true;
  });
}
