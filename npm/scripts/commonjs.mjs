// One ESM file of the build as CommonJS.
import { build, transform } from "esbuild";

/** `import.meta.url` of a CommonJS file, without Node's builtins: bundlers for browsers may read these files too. */
const FILE_URL =
  'const importMetaUrl = "file:///" + __filename.replace(/\\\\/g, "/").replace(/^\\//, "").replace(/[%#?\\s]/g, encodeURIComponent);';

/** The file with `require` in place of `import`, of the files with the ending `.cjs`. */
export async function toCommonJs(text) {
  const located = text.includes("import.meta.url");
  const { code } = await transform(text, {
    format: "cjs",
    platform: "node",
    target: "es2022",
    ...(located && { define: { "import.meta.url": "importMetaUrl" }, banner: FILE_URL }),
  });
  return code
    .replace(/require\("(\.[^"]*)\.js"\)/g, 'require("$1.cjs")')
    .replace(/import\("(\.[^"]*)\.js"\)/g, 'import("$1.cjs")');
}

/** These files as one CommonJS file, with the exports of the first as `part0`, and so on. */
export async function joinedCommonJs(files, folder) {
  const contents = files.map((file, part) => `export * as part${part} from "./${file}";\n`).join("");
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: folder },
    bundle: true,
    format: "cjs",
    platform: "node",
    target: "es2022",
    external: ["./inline.js", "./chunks/inline.js"],
    write: false,
    logLevel: "warning",
  });
  return outputFiles[0].text.replace(
    /require\("\.\/(?:chunks\/)?inline\.js"\)/g,
    'require("./chunks/inline.cjs")',
  );
}

/** A CommonJS file with these exports of what an expression says, in a form that tools which look for names read at a glance. */
export function listOf(names, expression) {
  const lines = names.map((name) => `exports.${name} = code.${name};\n`);
  return `"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
const code = ${expression};
${lines.join("")}`;
}
