/** Every block of code in README.md: all are type-checked, and those that print what a comment says do so. */

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";

import ts from "typescript";

interface Block {
  language: string;
  /** What stands in a comment before the block: declarations of what the reader has. */
  given: string | undefined;
  code: string;
}

const root = fileURLToPath(new URL("..", import.meta.url));
const readme = readFileSync(join(root, "README.md"), "utf8");
const blocks: Block[] = [
  ...readme.matchAll(/(?:<!-- given: ([^]*?) -->\s*)?^```(js|ts)\n([^]*?)^```$/gm),
].map(([, given, language = "", code = ""]) => ({ language, given, code }));

// In the package's folder, so that `invreq` means this package.
const folder = mkdtempSync(join(root, "test/.readme-"));
after(() => rmSync(folder, { recursive: true }));

const ENTRIES = { invreq: "index", "invreq/node": "node", "invreq/slim": "index", "invreq/url": "index" };

test("there are blocks to check, and none in a language that is passed over", () => {
  assert.equal([...readme.matchAll(/^```\w+$/gm)].length, blocks.length);
  assert.ok(blocks.length >= 8);
});

test("every block has the types it shows", () => {
  const files = blocks.map(({ given, code }, index) => {
    const file = join(folder, `block-${index}.ts`);
    writeFileSync(file, `${given ?? ""}\n${code}\nexport {};\n`);
    return file;
  });
  const { config } = ts.readConfigFile(join(root, "tsconfig.json"), ts.sys.readFile);
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root);
  const paths = Object.entries(ENTRIES).map(([name, file]) => [name, [join(root, `src/${file}.ts`)]]);
  const program = ts.createProgram(files, {
    ...options,
    noUnusedLocals: false,
    paths: Object.fromEntries(paths),
  });
  const complaints = ts.getPreEmitDiagnostics(program).map(({ file, messageText }) => {
    const where = file ? relative(folder, file.fileName) : "";
    return `${where}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`;
  });
  assert.deepEqual(complaints, []);
});

test("the first success is five lines, and says what the comment beside it says", async () => {
  const [first] = blocks;
  assert.ok(first);
  assert.ok(
    first.code
      .replace(/\(\n\s+("[^"]*"),\n\)/, "($1)")
      .split("\n")
      .filter(Boolean).length <= 5,
  );
  await saysWhatItShows(first);
});

test("the block about errors prints what it shows", async () => {
  const block = blocks.find(({ code }) => code.includes("error.rule"));
  assert.ok(block);
  await saysWhatItShows(block);
});

/** What the block prints is what the comment beside its `console.log` says. */
async function saysWhatItShows(block: Block): Promise<void> {
  const expected = /console\.log\(.*\); \/\/ (.*)$/m.exec(block.code)?.[1];
  assert.ok(expected);
  assert.deepEqual(await run(block), [expected]);
}

/** Runs a block, and returns what it printed. */
async function run({ code }: Block): Promise<string[]> {
  const file = join(folder, `run-${Math.random().toString(36).slice(2)}.ts`);
  writeFileSync(file, code.replace('from "invreq"', `from ${JSON.stringify(join(root, "src/index.ts"))}`));
  const said: string[] = [];
  const { log } = console;
  console.log = (...words: unknown[]) => void said.push(words.map(String).join(" "));
  try {
    await import(pathToFileURL(file).href);
  } finally {
    console.log = log;
  }
  return said;
}
