import type { Amount, ReservationRequest, ScopeTotals } from "../../src/runs/index.ts";

interface Entry {
  readonly scopes: readonly string[];
  /** Charged or set aside, in whole millionths. */
  amount: Millionths;
  open: boolean;
}
type Millionths = Readonly<Record<keyof Amount, bigint>>;
const UNITS = ["quantumSeconds", "money", "jobs"] as const;

/** What came of a reservation; undefined seconds where it was denied. */
export interface ModelGrant {
  readonly seconds: number | undefined;
  readonly maySettle: boolean;
}

/**
 * Budgets as they are meant, with no regard to speed: a list of entries in whole millionths, sums over all of them, and a
 * grant found by trying one second after another.
 */
export class BudgetModel {
  readonly #entries = new Map<string, Entry>();

  reserve(request: ReservationRequest): ModelGrant {
    const { key, scopes, needSeconds, capSeconds, jobs, perSecond } = request;
    const known = this.#entries.get(key);
    if (known !== undefined) return { seconds: Number(known.amount.quantumSeconds / 1_000_000n), maySettle: false };
    const price = millionths(perSecond);
    const asked = (seconds: number): Millionths => ({
      quantumSeconds: BigInt(seconds) * 1_000_000n,
      money: BigInt(seconds) * price,
      jobs: BigInt(jobs) * 1_000_000n,
    });
    const least = Math.ceil(needSeconds);
    const small = scopes.filter((scope) => !this.#hasRoom(scope, asked(least), true));
    if (small.length > 0)
      return { seconds: undefined, maySettle: small.every((scope) => this.#hasRoom(scope, asked(least), false)) };
    let seconds = least;
    while (seconds < Math.floor(capSeconds) && scopes.every((scope) => this.#hasRoom(scope, asked(seconds + 1), true)))
      seconds++;
    this.#entries.set(key, { scopes: scopes.map(({ scope }) => scope), amount: asked(seconds), open: true });
    return { seconds, maySettle: false };
  }

  settle(key: string, scopes: readonly string[], amount: Amount): void {
    const charged = Object.fromEntries(UNITS.map((unit) => [unit, millionths(amount[unit])])) as Millionths;
    const entry = this.#entries.get(key);
    if (entry === undefined) this.#entries.set(key, { scopes, amount: charged, open: false });
    else Object.assign(entry, { amount: charged, open: false });
  }

  /** All in millionths. */
  sums(scope: string): { readonly settled: Millionths; readonly reserved: Millionths } {
    const sum = (open: boolean): Millionths => {
      const own = [...this.#entries.values()].filter((entry) => entry.open === open && entry.scopes.includes(scope));
      return Object.fromEntries(
        UNITS.map((unit) => [unit, own.reduce((total, { amount }) => total + amount[unit], 0n)]),
      ) as Millionths;
    };
    return { settled: sum(false), reserved: sum(true) };
  }

  totals(scope: string): ScopeTotals {
    const { settled, reserved } = this.sums(scope);
    const inUnits = (of: Millionths): Amount =>
      Object.fromEntries(UNITS.map((unit) => [unit, Number(of[unit]) / 1e6])) as unknown as Amount;
    return { settled: inUnits(settled), reserved: inUnits(reserved) };
  }

  #hasRoom({ scope, limits }: ReservationRequest["scopes"][number], more: Millionths, withReserved: boolean): boolean {
    const { settled, reserved } = this.sums(scope);
    return UNITS.every((unit) => {
      const limit = limits[unit];
      const spent = settled[unit] + (withReserved ? reserved[unit] : 0n) + more[unit];
      return limit === undefined || spent <= millionths(limit);
    });
  }
}

export function millionths(value: number): bigint {
  return BigInt(Math.round(value * 1e6));
}
