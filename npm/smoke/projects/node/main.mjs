import { answer, decode, InvreqError, verify } from "invreq";
import * as node from "invreq/node";
import * as slim from "invreq/slim";
import * as testing from "invreq/testing";
import * as url from "invreq/url";
import { readFile } from "node:fs/promises";
import { check } from "./scenario.mjs";

check({ answer, decode, verify, InvreqError });

await url.ready();
check(url);

await slim.setModule(await readFile(new URL(import.meta.resolve("invreq/invreq.wasm"))));
check(slim);

if (Object.keys(node).length === 0 || Object.keys(testing).length === 0) throw new Error("an entry is empty");
console.log("smoke ok");
