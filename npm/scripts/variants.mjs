// Entries that differ only in where the module comes from: `./url` and `./slim` are `.` with another file in place of src/source.ts.
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

const SOURCE = resolve("src/source.ts");
const IMPORT = /(?:from|import)\s*\(?\s*"(\.[^"]*)\.js"/g;

/**
 * An esbuild plugin that gives `entry` its own copy of the files that lead to src/source.ts, and of no others: what does not touch the
 * module, as the classes of errors, stays shared by all entries.
 */
export function variants(entries) {
  const reaches = new Map();
  return {
    name: "variants",
    setup({ onLoad, onResolve }) {
      onResolve({ filter: /^entry:/ }, ({ path }) => {
        const name = path.slice("entry:".length);
        const { from, source } = entries[name];
        return { path: resolve(`src/${from}.ts`), ...(source && { suffix: `?${name}` }) };
      });
      // What a copy imports is a copy too, if it leads to the source.
      onLoad({ filter: /\.ts$/ }, ({ path, suffix }) =>
        suffix
          ? { contents: readFileSync(path), loader: "ts", pluginData: { variant: suffix.slice(1) } }
          : undefined,
      );
      onResolve({ filter: /^\..*\.js$/ }, ({ path, resolveDir, pluginData }) => {
        const file = resolve(resolveDir, path.replace(/\.js$/, ".ts"));
        if (!pluginData?.variant || !existsSync(file)) return undefined;
        if (file === SOURCE) return { path: resolve(`src/${entries[pluginData.variant].source}.ts`) };
        return { path: file, ...(reachesSource(file, reaches) && { suffix: `?${pluginData.variant}` }) };
      });
    },
  };
}

/** Whether a file leads to src/source.ts. */
function reachesSource(file, known) {
  if (file === SOURCE) return true;
  if (!known.has(file)) {
    known.set(file, false); // for files that import each other
    const text = existsSync(file)
      ? readFileSync(file, "utf8").replace(/^(?:import|export) type [^;]*;/gm, "")
      : "";
    const imports = [...text.matchAll(IMPORT)].map(([, path]) => join(dirname(file), `${path}.ts`));
    known.set(
      file,
      imports.some((path) => reachesSource(path, known)),
    );
  }
  return known.get(file);
}
