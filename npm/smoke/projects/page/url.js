import { answer, decode, InvreqError, ready, verify } from "invreq/url";
import { check } from "./scenario.js";

globalThis.smoke = ready()
  .then(() => check({ answer, decode, verify, InvreqError }))
  .catch((error) => String(error.stack ?? error));
