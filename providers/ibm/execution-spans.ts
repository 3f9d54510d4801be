/** Which part of a PUB ran in a span of time. */
export interface SpanSlice {
  /** Index of the PUB in its job. */
  readonly pub: number;
  /** The shape that `elements` counts through in C order; a twirled PUB has an axis of randomisations besides. */
  readonly shape: readonly number[];
  /** First element and the one after the last. */
  readonly elements: readonly [number, number];
  /** First shot of each element and the one after the last; undefined where elements and shots are counted together. */
  readonly shots: readonly [number, number] | undefined;
  /** For a twirled PUB, whether the axis of randomisations comes first. */
  readonly randomizationsFirst?: boolean;
}

/** A span of time in which the device ran parts of a job. */
export interface ExecutionSpan {
  /** ISO 8601. */
  readonly start: string;
  /** ISO 8601. */
  readonly stop: string;
  readonly slices: readonly SpanSlice[];
}

type Json = Readonly<Record<string, unknown>>;

/**
 * Execution spans out of a result's metadata, in the plain form (lists of start, stop and slices) or as the tagged form was
 * read. They only inform, so what cannot be understood is left out rather than refused.
 */
export function executionSpans(value: unknown): readonly ExecutionSpan[] {
  const spans = isObject(value) && Array.isArray(value.spans) ? value.spans : value;
  if (!Array.isArray(spans)) return [];
  return spans.flatMap((span: unknown) => {
    const [start, stop, slices] = Array.isArray(span)
      ? span
      : isObject(span)
        ? [span.start, span.stop, span.data_slices]
        : [];
    const from = dateText(start);
    const to = dateText(stop);
    if (from === undefined || to === undefined || !isObject(slices)) return [];
    return [{ start: from, stop: to, slices: Object.entries(slices).flatMap(([pub, slice]) => slicesOf(pub, slice)) }];
  });
}

function slicesOf(pub: string, slice: unknown): readonly SpanSlice[] {
  if (!/^\d{1,9}$/.test(pub) || !Array.isArray(slice)) return [];
  const [shape, ...rest] = slice as readonly unknown[];
  if (!Array.isArray(shape) || !shape.every(isCount)) return [];
  const flags = rest.filter((part) => typeof part === "boolean");
  // The plain form keeps pairs together, the tagged one does not.
  const counts = rest.filter((part) => typeof part !== "boolean").flat();
  if (!counts.every(isCount) || counts.length < 2) return [];
  const [first, last, firstShot, lastShot] = counts;
  return [
    {
      pub: Number(pub),
      shape,
      elements: [first!, last!],
      shots: firstShot === undefined || lastShot === undefined ? undefined : [firstShot, lastShot],
      ...(flags[0] === undefined ? {} : { randomizationsFirst: flags[0] }),
    },
  ];
}

function dateText(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  return isObject(value) && typeof value.date === "string" ? value.date : undefined;
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
