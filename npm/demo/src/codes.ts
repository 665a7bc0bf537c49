/**
 * QR codes: drawn, and read from pictures.
 *
 * @module
 */
import { encodeQR } from "qr";

/** A QR code of a text as the path of an SVG, and the length of its side in modules, quiet zone included. */
export interface QrPath {
  /** The `d` of the path: one square for each dark run. */
  d: string;
  /** The side of the view box. */
  side: number;
}

const QUIET_ZONE = 4;

/** Draws a text as a QR code. BOLT 12 strings go in capital letters, which makes the code a third smaller. */
export function qrPath(text: string): QrPath {
  const rows = encodeQR(text.toUpperCase(), "raw", {
    ecc: "low",
    encoding: "alphanumeric",
    border: QUIET_ZONE,
  });
  let d = "";
  rows.forEach((row, y) => {
    for (let x = 0; x < row.length; x++) {
      const start = x;
      while (row[x]) x++;
      if (x > start) d += `M${start} ${y}h${x - start}v1h-${x - start}z`;
    }
  });
  return { d, side: rows.length };
}

/** Reads QR codes: the browser's own detector where there is one, else a library that is loaded now. */
export type QrReader = (source: ImageBitmap | HTMLVideoElement) => Promise<string | undefined>;

/** The best reader there is here. */
export async function qrReader(): Promise<QrReader> {
  return (await nativeReader()) ?? (await libraryReader());
}

/** Reads a picture from a file. */
export async function readPicture(file: Blob): Promise<string | undefined> {
  const bitmap = await createImageBitmap(file);
  try {
    return await (
      await qrReader()
    )(bitmap);
  } finally {
    bitmap.close();
  }
}

/** Not yet in TypeScript's library, and not yet in every browser. */
interface BarcodeDetector {
  detect(source: ImageBitmapSource): Promise<{ rawValue: string }[]>;
}

interface BarcodeDetectorClass {
  new (options: { formats: string[] }): BarcodeDetector;
  getSupportedFormats(): Promise<string[]>;
}

async function nativeReader(): Promise<QrReader | undefined> {
  const { BarcodeDetector } = globalThis as { BarcodeDetector?: BarcodeDetectorClass };
  if (!BarcodeDetector) return undefined;
  try {
    if (!(await BarcodeDetector.getSupportedFormats()).includes("qr_code")) return undefined;
    const detector = new BarcodeDetector({ formats: ["qr_code"] });
    return async (source) => (await detector.detect(source))[0]?.rawValue;
  } catch {
    return undefined; // some systems have the class and not what is behind it
  }
}

const LARGEST_SIDE = 1600;

async function libraryReader(): Promise<QrReader> {
  const { decodeQR } = await import("qr/decode.js");
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d", { willReadFrequently: true });
  return async (source) => {
    const [width, height] =
      source instanceof HTMLVideoElement
        ? [source.videoWidth, source.videoHeight]
        : [source.width, source.height];
    const scale = Math.min(1, LARGEST_SIDE / Math.max(width, height, 1));
    canvas.width = Math.max(1, Math.round(width * scale));
    canvas.height = Math.max(1, Math.round(height * scale));
    if (!context || width === 0) return undefined;
    context.drawImage(source, 0, 0, canvas.width, canvas.height);
    try {
      return decodeQR(context.getImageData(0, 0, canvas.width, canvas.height));
    } catch {
      return undefined; // no code in this picture
    }
  };
}
