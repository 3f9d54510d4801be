import assert from "node:assert/strict";
import { Circuit, weight } from "../../circuits/index.ts";
import type { EstimatorPub, EstimatorPubResult } from "../../providers/index.ts";
import { type ContractCase, closeTo } from "./contract-case.ts";

/** Repetitions of an estimate, as equal rows of one PUB: their spread is what the standard error must say. */
const REPEATS = 100;
const PRECISION = 0.1;
/** The spread of 100 normal numbers is known to 7 %; this is five times that. */
const SLACK = 0.35;

const b = 0.8;
const nothing = weight("nothing");
const repeated = (define: Parameters<typeof Circuit.build>[1]): Circuit =>
  Circuit.build(2, (c) => {
    define(c);
    c.rz(nothing, 0);
  });
/** Product state with <Z_0> = 0, <Z_1> = cos b and <X_1> = sin b. */
const product = repeated((c) => c.ry(Math.PI / 2, 0).ry(b, 1));
const bell = repeated((c) => c.h(0).cx(0, 1));

const { cos, sin } = Math;
/**
 * Observables with their variance a shot. Where terms may be measured together or apart, the state is such that both give
 * the same: the products of different terms have no covariance.
 */
const KNOWN: readonly (readonly [what: string, circuit: Circuit, observable: string, variance: number])[] = [
  ["a scaled string", product, "-3*ZI", 9 * sin(b) ** 2],
  ["a weighted sum", product, "2*ZZ + 3*ZI", 4 + 9 * sin(b) ** 2],
  ["terms of several groups", product, "2*ZZ + 3*XI", 4 + 9 * cos(b) ** 2],
  ["a sum with a constant", product, "5*II + 0.5*ZZ", 0.25],
];
/** Observables whose variance depends on which terms share their shots; the spread of the values decides. */
const CORRELATED: readonly (readonly [circuit: Circuit, observable: string])[] = [
  [bell, "ZI + IZ"],
  [bell, "ZI - IZ"],
  [bell, "2*ZI + IZ - 0.5*XX"],
];

/** The standard error that all rows report together, and the spread of their values. */
function spreadOf({ evs, stds }: EstimatorPubResult): { readonly reported: number; readonly found: number } {
  const mean = evs.reduce((sum, value) => sum + value, 0) / evs.length;
  return {
    reported: Math.sqrt(stds.reduce((sum, std) => sum + std * std, 0) / stds.length),
    found: Math.sqrt(evs.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (evs.length - 1)),
  };
}

export function standardErrorCases(
  run: (pubs: readonly EstimatorPub[], seed?: number) => Promise<readonly EstimatorPubResult[]>,
): readonly ContractCase[] {
  const rows = Array.from({ length: REPEATS }, () => [0]);
  const pubOf = (circuit: Circuit, observable: string): EstimatorPub => [circuit, observable, rows, PRECISION];
  const agree = (result: EstimatorPubResult, what: string): void => {
    const { reported, found } = spreadOf(result);
    closeTo(reported, found, SLACK * found + 1e-9, `standard error of ${what}, and the spread of ${REPEATS} values`);
  };
  return [
    {
      name: "standard errors of weighted sums and of several groups are their variances'",
      async run() {
        // Two seeds, so that one lucky one proves nothing.
        for (const seed of [11, 12]) {
          const results = await run(
            KNOWN.map(([, circuit, observable]) => pubOf(circuit, observable)),
            seed,
          );
          for (const [index, [what, , , variance]] of KNOWN.entries()) {
            const { reported } = spreadOf(results[index]!);
            const most = PRECISION * Math.sqrt(variance);
            assert.ok(reported <= (1 + SLACK) * most, `${what}: ${reported} where at most ${most} was asked for`);
            agree(results[index]!, what);
          }
        }
      },
    },
    {
      name: "standard errors know which terms share their shots",
      async run() {
        const results = await run(CORRELATED.map(([circuit, observable]) => pubOf(circuit, observable)));
        for (const [index, [, observable]] of CORRELATED.entries()) agree(results[index]!, observable);
      },
    },
  ];
}
