/** How sizes are written. */

/** A number of bytes: "512 B", "1.2 MB". */
export function size(bytes) {
  let value = Number(bytes) || 0;
  if (value < 1000) return value + " B";
  const units = ["kB", "MB", "GB", "TB"];
  let unit = -1;
  do {
    value /= 1000;
    unit += 1;
  } while (value >= 999.95 && unit < units.length - 1);
  return value.toFixed(1) + " " + units[unit];
}
