/** What a timer is for: `work` moves jobs on, a `deadline` only ends something if nobody comes. */
export type TimerKind = "work" | "deadline";

export interface Timer {
  cancel(): void;
}

/** The emulator's time: all that it dates, delays and expires goes by it. */
export interface EmulatorClock {
  /** Whole milliseconds since 1970, as dates are written. */
  now(): number;
  /** Calls back once `seconds` have passed; never before the caller has returned. */
  schedule(seconds: number, kind: TimerKind, callback: () => void): Timer;
  /** Says that something is being done; a virtual clock stands still until what it returns is called. */
  hold(): () => void;
  /** Stops all timers. */
  stop(): void;
}

/** The computer's clock. */
export class RealClock implements EmulatorClock {
  readonly #timers = new Set<NodeJS.Timeout>();

  now(): number {
    return Math.floor(performance.timeOrigin + performance.now());
  }

  schedule(seconds: number, _kind: TimerKind, callback: () => void): Timer {
    const at = this.now() + milliseconds(seconds);
    let timeout: NodeJS.Timeout;
    const wait = (): void => {
      // Node counts at most 2^31 - 1 milliseconds; longer waits are cut into pieces.
      timeout = setTimeout(
        () => {
          this.#timers.delete(timeout);
          if (this.now() < at) wait();
          else callback();
        },
        Math.min(Math.max(0, at - this.now()), 2 ** 31 - 1),
      );
      timeout.unref();
      this.#timers.add(timeout);
    };
    wait();
    return {
      cancel: () => {
        clearTimeout(timeout);
        this.#timers.delete(timeout);
      },
    };
  }

  hold(): () => void {
    return () => {};
  }

  stop(): void {
    for (const timeout of this.#timers) clearTimeout(timeout);
    this.#timers.clear();
  }
}

interface VirtualTimer {
  readonly at: number;
  readonly order: number;
  readonly kind: TimerKind;
  readonly callback: () => void;
}

export interface VirtualClockOptions {
  /** Milliseconds since 1970 at which it stands at first. */
  readonly start: number;
  /** Jump to the next timer of kind `work` whenever the emulator has nothing else to do. */
  readonly automatic: boolean;
}

/**
 * A clock that stands still until it is moved. `idle` says when nothing is being computed or answered, so that what a
 * timer sets off has ended before time goes on.
 */
export class VirtualClock implements EmulatorClock {
  readonly #automatic: boolean;
  #timers: VirtualTimer[] = [];
  #now: number;
  #order = 0;
  #busy = 0;
  #idle: (() => void)[] = [];
  #checking = false;
  #stopped = false;

  constructor({ start, automatic }: VirtualClockOptions) {
    this.#now = start;
    this.#automatic = automatic;
  }

  now(): number {
    return this.#now;
  }

  schedule(seconds: number, kind: TimerKind, callback: () => void): Timer {
    const timer = { at: this.#now + milliseconds(seconds), order: this.#order++, kind, callback };
    this.#timers.push(timer);
    this.#lookForIdle();
    return {
      cancel: () => {
        this.#timers = this.#timers.filter((other) => other !== timer);
      },
    };
  }

  hold(): () => void {
    this.#busy++;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#busy--;
      this.#lookForIdle();
    };
  }

  /** Moves time, timer by timer; what each sets off has ended before the next. */
  async advance(seconds: number): Promise<void> {
    const end = this.#now + milliseconds(seconds);
    for (;;) {
      await this.#untilIdle();
      const next = this.#next(undefined);
      if (next === undefined || next.at > end || this.#stopped) break;
      this.#fire(next);
    }
    this.#now = Math.max(this.#now, end);
  }

  stop(): void {
    this.#stopped = true;
    this.#timers = [];
  }

  #next(kind: TimerKind | undefined): VirtualTimer | undefined {
    let first: VirtualTimer | undefined;
    for (const timer of this.#timers) {
      if (kind !== undefined && timer.kind !== kind) continue;
      if (first === undefined || timer.at < first.at || (timer.at === first.at && timer.order < first.order))
        first = timer;
    }
    return first;
  }

  #fire(timer: VirtualTimer): void {
    this.#timers = this.#timers.filter((other) => other !== timer);
    this.#now = Math.max(this.#now, timer.at);
    timer.callback();
  }

  /** Resolves once nothing has been held for a turn of the event loop. */
  #untilIdle(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#idle.push(resolve);
    this.#lookForIdle();
    return promise;
  }

  #lookForIdle(): void {
    if (this.#checking) return;
    this.#checking = true;
    setImmediate(() => {
      this.#checking = false;
      if (this.#busy > 0) return;
      const waiting = this.#idle;
      this.#idle = [];
      for (const resolve of waiting) resolve();
      if (waiting.length > 0) {
        // Whoever waited may have more to do first.
        this.#lookForIdle();
        return;
      }
      if (!this.#automatic || this.#stopped) return;
      const work = this.#next("work");
      if (work === undefined) return;
      const first = this.#next(undefined)!;
      // Whatever is due before it comes first.
      this.#fire(first.at < work.at ? first : work);
      this.#lookForIdle();
    });
  }
}

/** Never less than what was asked for, but for what rounding adds. */
function milliseconds(seconds: number): number {
  return Math.ceil(Math.max(0, 1000 * seconds) - 1e-6);
}
