// The entries of the package: where each begins in src/, and which source of the module its files have in place of src/source.ts.
export const ENTRIES = {
  index: { from: "index" },
  node: { from: "node" },
  testing: { from: "testing" },
  url: { from: "index", source: "source-url" },
  slim: { from: "index", source: "source-slim" },
};
