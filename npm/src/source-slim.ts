/**
 * Where the bytes of the module come from: whoever imports `invreq/slim` brings them.
 *
 * @module
 */

import { fail } from "./error.js";
import type { Source } from "./source.js";

export const source: Source = {
  load: () =>
    Promise.reject(fail("internal", "`invreq/slim` has no module of its own: call `setModule(…)` first")),
};
