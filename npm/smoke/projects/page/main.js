import { answer, decode, InvreqError, verify } from "invreq";
import { check } from "./scenario.js";

globalThis.smoke = Promise.resolve()
  .then(() => check({ answer, decode, verify, InvreqError }))
  .catch((error) => String(error.stack ?? error));
