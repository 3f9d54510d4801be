import { DataError } from "../errors.ts";
import { checkOptions } from "./options.ts";

export interface PrefetchOptions {
  /** How many items may be in preparation or ready before they are asked for; 2 by default. */
  readonly ahead?: number;
  /** Ends the iteration with its reason, and the preparation of what is not yet handed out. */
  readonly signal?: AbortSignal;
}

/**
 * Hands out what `source` gives, in its order, and prepares the next items meanwhile, such as while a remote job waits: from the
 * first one that is asked for, `ahead` further ones are taken and go through `prepare` side by side. An error of the source or
 * of `prepare` is thrown where its item would have come. When the loop ends, however it ends, the source is closed, the signal
 * that `prepare` was given is aborted, and nothing is left that goes on.
 * @throws DataError DATA_OPTION at once; by the iteration what the source, `prepare` or the signal throws
 */
export function prefetch<Item>(
  source: Iterable<Item> | AsyncIterable<Item>,
  options?: PrefetchOptions,
): AsyncGenerator<Item, void, undefined>;
export function prefetch<Item, Prepared>(
  source: Iterable<Item> | AsyncIterable<Item>,
  options: PrefetchOptions & {
    /** Reads, decodes or transforms an item. The signal is aborted when the result is no longer wanted. */
    readonly prepare: (item: Item, signal: AbortSignal) => Prepared | PromiseLike<Prepared>;
  },
): AsyncGenerator<Prepared, void, undefined>;
export function prefetch<Item>(
  source: Iterable<Item> | AsyncIterable<Item>,
  options: PrefetchOptions & { readonly prepare?: (item: Item, signal: AbortSignal) => unknown } = {},
): AsyncGenerator<unknown, void, undefined> {
  checkOptions("prefetch", options, ["ahead", "signal", "prepare"]);
  const { ahead = 2, signal, prepare = (item: Item) => item } = options;
  if (!(Number.isSafeInteger(ahead) && ahead >= 1))
    throw new DataError("DATA_OPTION", `ahead is ${String(ahead)}; it is an integer of 1 or more.`);
  return ordered(source, ahead, prepare, signal);
}

type Slot = { readonly done: true } | { readonly done: false; readonly value: Promise<unknown> };

async function* ordered<Item>(
  source: Iterable<Item> | AsyncIterable<Item>,
  ahead: number,
  prepare: (item: Item, signal: AbortSignal) => unknown,
  signal: AbortSignal | undefined,
): AsyncGenerator<unknown, void, undefined> {
  signal?.throwIfAborted();
  const iterator = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  const stop = new AbortController();
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(signal!.reason);
  signal?.addEventListener("abort", onAbort, { once: true });
  const slots: Promise<Slot>[] = [];
  const working = new Set<Promise<unknown>>();
  const quietly = (work: Promise<unknown>): void => {
    work.catch(() => {});
  };
  quietly(aborted.promise);
  let exhausted = false;
  let last: Promise<unknown> = Promise.resolve();

  /** Asks the source for one more item, after all that were asked for before, and prepares it. */
  const pull = (): void => {
    const slot = last.then(async (): Promise<Slot> => {
      if (exhausted || stop.signal.aborted) return { done: true };
      try {
        const next = await iterator.next();
        if (next.done !== true) {
          const value = (async () => prepare(next.value, stop.signal))();
          quietly(value);
          working.add(value);
          return { done: false, value };
        }
      } catch (error) {
        // A source that has thrown is at its end, and need not be closed.
        exhausted = true;
        throw error;
      }
      exhausted = true;
      return { done: true };
    });
    last = slot.catch(() => {});
    slots.push(slot);
  };

  try {
    pull();
    for (;;) {
      signal?.throwIfAborted();
      while (slots.length <= ahead) pull();
      const slot = await Promise.race([slots.shift()!, aborted.promise]);
      if (slot.done) return;
      const value = await Promise.race([slot.value, aborted.promise]);
      working.delete(slot.value);
      yield value;
    }
  } finally {
    signal?.removeEventListener("abort", onAbort);
    stop.abort(signal?.aborted === true ? signal.reason : undefined);
    const closing = (async () => {
      await last;
      if (!exhausted) await iterator.return?.();
    })();
    // Who aborts does not wait for work that may take no notice of it.
    if (signal?.aborted === true) quietly(closing);
    else {
      await closing;
      await Promise.allSettled(working);
    }
  }
}
