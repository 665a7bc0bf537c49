// One ESM file of the build as CommonJS.
import { transform } from "esbuild";

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
    charset: "utf8",
    ...(located && { define: { "import.meta.url": "importMetaUrl" }, banner: FILE_URL }),
  });
  return code
    .replace(/require\("(\.[^"]*)\.js"\)/g, 'require("$1.cjs")')
    .replace(/import\("(\.[^"]*)\.js"\)/g, 'import("$1.cjs")');
}
