/** Reading of files for previews: by their head, never more than is shown. */

import { reach, ServerError } from "../core/api.js";

/** The number of bytes of a text that are shown at once. */
export const headBytes = 400000;

/**
 * A part of a file.
 * @param {string} address
 * @param {number} from
 * @param {number} length
 * @param {AbortSignal} signal
 * @returns {Promise<{bytes: Uint8Array, total: number}>} `total` is the size of the whole file.
 */
export async function readPart(address, from, length, signal) {
  const response = await reach(address, { signal, headers: { Range: `bytes=${from}-${from + length - 1}` } });
  if (response.status === 416) return { bytes: new Uint8Array(), total: from };
  if (!response.ok) throw new ServerError(response.status, await response.json().catch(() => ({})), "The file cannot be read.");
  const bytes = new Uint8Array(await response.arrayBuffer());
  const total = Number(/\/(\d+)$/.exec(response.headers.get("Content-Range") || "")?.[1]);
  return response.status === 206 && total ? { bytes, total } : { bytes: bytes.subarray(from, from + length), total: bytes.length };
}

/** The whole of a file that is small enough; null if it is not. */
export async function readWhole(address, most, signal) {
  const { bytes, total } = await readPart(address, 0, most, signal);
  return total > most ? null : bytes;
}

/** The text of some bytes; a character that the end cuts is left out. */
export const textOf = (bytes) => new TextDecoder().decode(bytes, { stream: true });

/** Whether bytes are a text: without control characters that no text has. */
export const isText = (bytes) => !bytes.subarray(0, 4000).some((byte) => byte < 9 || (byte > 13 && byte < 27));

/** An address for some bytes, which is revoked when the page is left. */
export function blobAddress(bytes, type, signal) {
  const made = URL.createObjectURL(new Blob([bytes], { type }));
  signal.addEventListener("abort", () => URL.revokeObjectURL(made), { once: true });
  return made;
}
