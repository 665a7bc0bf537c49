/** What `process.test.ts` runs in a process of its own. */

import { InvreqError, Payee } from "../src/index.js";
import { REFUND, TestSource, TestStore, TestTransport } from "./host.js";

const payee = await Payee.open({
  network: "bitcoin",
  store: new TestStore(),
  source: new TestSource(),
  transport: new TestTransport(),
  seed: new Uint8Array(32).fill(7),
});
console.log("open");
switch (process.argv[2]) {
  case "wait":
    await payee.sendInvoice({ invreq: REFUND, label: "a", timeout: 3600 });
    break;
  case "timeout":
    await payee.waitAnyInvoice(0, { timeout: 1 }).catch((error: unknown) => {
      console.log(InvreqError.is(error) ? error.code : error);
    });
    break;
  default: {
    // An invoice that is under way has timers of its own.
    const abort = new AbortController();
    const call = payee.sendInvoice({ invreq: REFUND, label: "a", expiry: 3600 }, { signal: abort.signal });
    setTimeout(() => abort.abort(), 100);
    await call.catch(() => {});
  }
}
