import { answer, decode, InvreqError, verify } from "invreq";
import { check } from "./scenario.js";

try {
  postMessage(check({ answer, decode, verify, InvreqError }));
} catch (error) {
  postMessage(String(error.stack ?? error));
}
