const COMBINING = /^(?:\p{M}|[\u200B-\u200D]|[\uFE00-\uFE0F])$/u;
/** East Asian wide and full-width blocks, and emoji, which a terminal shows in two cells. */
const WIDE =
  /^[\u1100-\u115F\u2E80-\u303E\u3041-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6\u{1F300}-\u{1F64F}\u{1F680}-\u{1F6FF}\u{1F900}-\u{1F9FF}\u{1FA70}-\u{1FAFF}\u{20000}-\u{3FFFD}]$/u;

/**
 * The terminal cells of a text: one entry a cell, the second cell of a wide character empty. Combining characters join
 * the cell before; control characters become blanks.
 */
export function cellsOf(text: string): string[] {
  if (/^[ -~]*$/.test(text)) return text.split("");
  const cells: string[] = [];
  for (const character of text)
    if (COMBINING.test(character)) {
      let last = cells.length - 1;
      while (cells[last] === "") last--;
      if (last >= 0) cells[last] += character;
    } else if (/^\p{C}$/u.test(character)) cells.push(" ");
    else if (WIDE.test(character)) cells.push(character, "");
    else cells.push(character);
  return cells;
}

/** The number of terminal cells that a text takes. */
export function displayWidth(text: string): number {
  return cellsOf(text).length;
}

/** The text, cut to `width` cells with an ellipsis when it is longer. */
export function cut(text: string, width: number): string {
  const cells = cellsOf(text);
  if (cells.length <= width) return cells.join("");
  let end = width - 1;
  if (cells[end] === "") end--;
  return `${cells.slice(0, end).join("")}…`;
}
