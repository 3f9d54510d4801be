/** Milliseconds since 1970 of an HTTP date; undefined where it is none. */
export function httpDate(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const time = Date.parse(text);
  return Number.isNaN(time) ? undefined : time;
}

/**
 * Seconds that a Retry-After header asks to wait: whole seconds, or a date, which is read by the server's clock.
 * Undefined where it says neither.
 * @param serverNow the server's time in milliseconds since 1970
 */
export function retryAfterSeconds(header: string | undefined, serverNow: number): number | undefined {
  const text = header?.trim() ?? "";
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text);
  // A date has letters; what else Date.parse accepts, such as "-5", is no answer.
  const date = /[A-Za-z]/.test(text) ? httpDate(text) : undefined;
  return date === undefined ? undefined : Math.max(0, (date - serverNow) / 1000);
}
