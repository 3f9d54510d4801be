/**
 * A name or free text as databases keep it: as it is, unless it holds what their text cannot (U+0000, half a surrogate
 * pair); that is kept as JSON. Different texts stay different.
 */
export function encodeText(text: string): string {
  return text.startsWith('"') || text.includes("\0") || !text.isWellFormed() ? JSON.stringify(text) : text;
}

export function decodeText(kept: string): string {
  return kept.startsWith('"') ? (JSON.parse(kept) as string) : kept;
}
