import assert from "node:assert/strict";
import type { Backend, Job } from "../../providers/index.ts";

/** One promise of a contract. Any test runner can run it: `for (const { name, run } of cases) test(name, run)`. */
export interface ContractCase {
  readonly name: string;
  /** Rejects with an AssertionError when the promise is broken. */
  readonly run: () => Promise<void>;
}

/** What the contract suites need to know about a backend. */
export interface ContractOptions {
  /** A backend in its first state; every case asks for its own. */
  readonly backend: () => Backend | Promise<Backend>;
  /** False for a backend whose samples no seed decides; leaves out the cases on seeds. True by default. */
  readonly seeded?: boolean;
  /**
   * False for a backend that cannot measure, reset and branch inside a circuit: such circuits, and those that measure a
   * qubit twice, are left out, and it must refuse them. True by default.
   */
  readonly dynamicCircuits?: boolean;
  /** Cases that do not hold for this backend, by name, each with the reason. */
  readonly skip?: Readonly<Record<string, string>>;
}

/** Drops the skipped cases. @throws AssertionError when `skip` names a case that does not exist */
export function withoutSkipped(
  cases: readonly ContractCase[],
  { skip = {} }: Pick<ContractOptions, "skip">,
): readonly ContractCase[] {
  const names = cases.map(({ name }) => name);
  assert.equal(new Set(names).size, names.length, "two contract cases have the same name");
  for (const name of Object.keys(skip)) assert.ok(names.includes(name), `no contract case is called "${name}"`);
  return cases.filter(({ name }) => !(name in skip));
}

/** A call that must fail with one of Lepton's errors. */
export async function rejectsWithCode(call: () => Promise<unknown>, code: string, mentions: RegExp): Promise<void> {
  await assert.rejects(call, (error: unknown) => {
    assert.ok(error instanceof Error, `${String(error)} is no Error`);
    assert.equal((error as Error & { code?: string }).code, code, error.message);
    assert.match(error.message, mentions);
    return true;
  });
}

/** A job that must fail with an error that has a code, when it is submitted or when its result is asked for. */
export async function refuses(submit: () => Promise<Job<unknown>>, what: string): Promise<void> {
  let error: unknown;
  try {
    await (await submit()).result();
  } catch (thrown) {
    error = thrown;
  }
  assert.ok(error !== undefined, `${what} was accepted`);
  assert.equal(typeof (error as { code?: unknown }).code, "string", `${what}: ${String(error)} has no code`);
}

export function closeTo(actual: number, expected: number, tolerance: number, what: string): void {
  assert.ok(Math.abs(actual - expected) <= tolerance, `${what}: ${actual} is not within ${tolerance} of ${expected}`);
}
