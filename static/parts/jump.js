/** Jump: one box that finds any experiment, run or model by name or id. */

/** Opens the box. */
export function openJump() {
}
