/**
 * A film of a QR code for Chromium's fake camera: YUV4MPEG2, one grey frame.
 *
 * @module
 */
import { writeFileSync } from "node:fs";

import { encodeQR } from "qr";

const [WIDTH, HEIGHT] = [640, 480];
const SCALE = 4;
/** The range of brightness in video. */
const [BLACK, WHITE] = [16, 235];

/** Writes a film that shows this text as a QR code. */
export function writeFilm(path: string, text: string): void {
  const rows = encodeQR(text.toUpperCase(), "raw", { ecc: "low", border: 4 });
  const luma = Buffer.alloc(WIDTH * HEIGHT, WHITE);
  const left = Math.floor((WIDTH - rows.length * SCALE) / 2);
  const top = Math.floor((HEIGHT - rows.length * SCALE) / 2);
  rows.forEach((row, y) =>
    row.forEach((isDark, x) => {
      if (!isDark) return;
      for (let line = 0; line < SCALE; line++) {
        const start = (top + y * SCALE + line) * WIDTH + left + x * SCALE;
        luma.fill(BLACK, start, start + SCALE);
      }
    }),
  );
  const grey = Buffer.alloc((WIDTH * HEIGHT) / 2, 128);
  const head = `YUV4MPEG2 W${WIDTH} H${HEIGHT} F10:1 Ip A1:1 C420jpeg\n`;
  writeFileSync(path, Buffer.concat([Buffer.from(head), Buffer.from("FRAME\n"), luma, grey]));
}
