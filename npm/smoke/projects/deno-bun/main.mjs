import { answer, decode, InvreqError, verify } from "invreq";
import { createRequire } from "node:module";
import { check } from "./scenario.mjs";

check({ answer, decode, verify, InvreqError });
if (createRequire(import.meta.url)("invreq").InvreqError !== InvreqError)
  throw new Error("there are two of InvreqError");
console.log("smoke ok");
