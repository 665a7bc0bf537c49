/**
 * The page's few icons, drawn on a grid of 24. They say nothing to a screen reader: a word stands beside each.
 *
 * @module
 */
import { svg, type TemplateResult } from "lit-html";

const PATHS = {
  alert: "M12 8v5m0 3.5v.01M10.3 4.3 2.9 17a2 2 0 0 0 1.7 3h14.8a2 2 0 0 0 1.7-3L13.7 4.3a2 2 0 0 0-3.4 0z",
  back: "M19 12H5m6-6-6 6 6 6",
  camera: "M4 8V6a2 2 0 0 1 2-2h2m8 0h2a2 2 0 0 1 2 2v2m0 8v2a2 2 0 0 1-2 2h-2m-8 0H6a2 2 0 0 1-2-2v-2m4-4h8",
  check: "m5 12.5 4.5 4.5L19 7.5",
  clock: "M12 7v5l3 2m6-2a9 9 0 1 1-18 0 9 9 0 0 1 18 0z",
  close: "M6 6l12 12M18 6 6 18",
  copy: "M9 9h10a1 1 0 0 1 1 1v9a1 1 0 0 1-1 1h-9a1 1 0 0 1-1-1zM5 15H4V5a1 1 0 0 1 1-1h10v1",
  dark: "M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5z",
  auto: "M12 3a9 9 0 1 0 0 18V3zm0 0a9 9 0 0 1 0 18",
  light:
    "M12 8a4 4 0 1 1 0 8 4 4 0 0 1 0-8zm0-6v2m0 16v2M2 12h2m16 0h2M4.9 4.9l1.4 1.4m11.4 11.4 1.4 1.4m0-14.2-1.4 1.4M6.3 17.7l-1.4 1.4",
  image: "M4 5h16v14H4zM4 16l4.5-4.5L13 16l3-3 4 4M15.5 9.5v.01",
  paste: "M9 4h6v3H9zM8 5.5H6.5a1 1 0 0 0-1 1V19a1 1 0 0 0 1 1h11a1 1 0 0 0 1-1V6.5a1 1 0 0 0-1-1H16",
  person: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zm-7 8a7 7 0 0 1 14 0",
  received: "M12 4v12m-5-5 5 5 5-5M5 20h14",
  resend: "M20 5v5h-5M4 19v-5h5m-4-5a7.5 7.5 0 0 1 12.5-2.5L20 10M4 14l2.5 3.5A7.5 7.5 0 0 0 19 15",
  send: "M5 12h13m-6-6 6 6-6 6",
  signature:
    "M3 19h18M4 15.5c3-1 8.5-8 8-10.2-.5-2-4 .7-4.5 6.2-.2 3 1 4 2.5 3.5 2-.7 2.5-3 3.5-3s.5 2.5 2 2.5 2-1 3.5-1",
  trash: "M5 7h14M10 7V4.5h4V7m-7.5 0 .8 12.5h9.400L17.5 7",
  unlink: "M9.5 14.5l5-5M8 11l-2.5 2.5a3.5 3.5 0 0 0 5 5L13 16m3-3 2.5-2.5a3.5 3.5 0 0 0-5-5L11 8",
} as const;

/** The name of an icon. */
export type Icon = keyof typeof PATHS;

/** An icon as large as the text it stands in. */
export function icon(name: Icon): TemplateResult {
  return svg`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d=${PATHS[name]} /></svg>` as TemplateResult;
}
