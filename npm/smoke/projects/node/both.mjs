// `import` and `require` in one process: one instance, one class of each.
import * as imported from "invreq";
import * as importedNode from "invreq/node";
import * as importedSlim from "invreq/slim";
import * as importedUrl from "invreq/url";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const pairs = [
  [imported, require("invreq")],
  [importedNode, require("invreq/node")],
  [importedSlim, require("invreq/slim")],
  [importedUrl, require("invreq/url")],
];
for (const [esm, cjs] of pairs) {
  const names = Object.keys(esm).filter((name) => name !== "default" && name !== "module.exports");
  if (names.join() !== Object.keys(cjs).sort().join()) throw new Error(`${names} is not ${Object.keys(cjs)}`);
  for (const name of names) {
    if (esm[name] !== cjs[name]) throw new Error(`there are two of ${name}`);
  }
}
for (const other of [importedSlim, importedUrl]) {
  for (const name of ["InvreqError", "StoreError"]) {
    if (other[name] !== imported[name]) throw new Error(`there are two of ${name}`);
  }
}
try {
  require("invreq").decode("lnr1");
  throw new Error("a bad string was accepted");
} catch (error) {
  if (!(error instanceof imported.InvreqError)) throw error;
}
console.log("smoke ok");
