import type { Operation } from "../../../circuits/index.ts";
import {
  removablePositions,
  rolesOf,
  shiftToIdentity,
  type TunableGate,
  tunableGates,
  withSingleAngles,
} from "./gates.ts";
import type { Score } from "./objective.ts";
import { BudgetedSearch, checkSearch, type SearchOptions } from "./search.ts";
import { type LossSensitivity, lossSensitivity, quantumFisherDiagonal } from "./sensitivity.ts";
import {
  type Compressed,
  checkOptions,
  checkSetting,
  checkTrained,
  isEntangler,
  reduced,
  reportOf,
  type TrainedCircuit,
  withOperations,
} from "./trained-circuit.ts";

/**
 * By what gates with weights are ranked for removal: how far their angle is from the identity's; the rise in loss that the
 * slope and the Fisher information of the rows predict; the change of the state by the quantum Fisher information; or the
 * rise in loss that is measured without each of them.
 */
export type RemovalCriterion = "angle" | "fisher" | "quantum-fisher" | "measured";
const CRITERIA: readonly string[] = ["angle", "fisher", "quantum-fisher", "measured"];

/**
 * Takes away gates that nearly do nothing: those with weights whose angle, modulo its period, is within `threshold` of the
 * identity's. What that makes needless, by `reduceTrained`, goes as well.
 * @param options.threshold radians; 0.01 by default
 * @throws CompressionError COMPRESSION_CIRCUIT, COMPRESSION_OPTION
 */
export function removeSmallAngles(
  trained: TrainedCircuit,
  options: { readonly threshold?: number; readonly absorb?: boolean } = {},
): Compressed {
  checkTrained("removeSmallAngles", trained);
  checkOptions("removeSmallAngles", options, ["threshold", "absorb"]);
  const { threshold = 0.01, absorb } = options;
  checkSetting("removeSmallAngles", "threshold", threshold, threshold >= 0, "radians of 0 or more");
  const small = tunableGates(trained).filter((gate) => gate.free && Math.abs(shiftToIdentity(gate)) <= threshold);
  const after = without(
    trained,
    small.map(({ position }) => position),
    absorb,
  );
  return { ...after, report: reportOf(trained, after) };
}

export interface RemoveOptions extends SearchOptions {
  /** `fisher` by default where the objective tells slopes of its rows, else `measured`. */
  readonly criterion?: RemovalCriterion;
  /** Which share of the gates with weights goes in the first try of a round; 0.25 by default. */
  readonly share?: number;
  /** Whether gates on two qubits may go; true by default. */
  readonly entanglers?: boolean;
  /** Whether Clifford gates may move into the observables; true by default. */
  readonly absorb?: boolean;
}

const REMOVE_OPTIONS = ["criterion", "share", "entanglers", "absorb"];

/**
 * Takes gates away as long as the budget on validation rows allows, and fine-tunes what is left after every removal: first
 * gates on two qubits, one by one by the measured rise in loss, which are what a device's errors come from; then gates with
 * weights, several at a time, by the criterion; gates of several angles are taken apart for that. Gates with inputs stay.
 * @throws CompressionError COMPRESSION_CIRCUIT, COMPRESSION_OPTION, COMPRESSION_BUDGET, COMPRESSION_LOSS; what the objective
 * throws; the signal's reason
 */
export async function removeGates(trained: TrainedCircuit, options: RemoveOptions): Promise<Compressed> {
  checkTrained("removeGates", trained);
  checkSearch("removeGates", options, REMOVE_OPTIONS);
  checkRemoval("removeGates", options);
  const after = await removeWithin(
    await BudgetedSearch.start(options, trained),
    reduced(trained, options.absorb),
    options,
  );
  return { ...after, report: reportOf(trained, after) };
}

/** @throws CompressionError COMPRESSION_OPTION */
export function checkRemoval(what: string, { criterion = "fisher", share = 0.25 }: Partial<RemoveOptions>): void {
  checkSetting(what, "criterion", criterion, CRITERIA.includes(criterion), `one of ${CRITERIA.join(", ")}`);
  checkSetting(what, "share", share, share > 0 && share <= 1, "a number above 0 and at most 1");
}

/** The removal as a stage of a search. */
export async function removeWithin(
  search: BudgetedSearch,
  trained: TrainedCircuit,
  options: Pick<RemoveOptions, "criterion" | "share" | "entanglers" | "absorb">,
): Promise<TrainedCircuit> {
  let current = withSingleAngles(trained);
  for (;;) {
    const before = current;
    if (options.entanglers ?? true) current = await removeEntanglers(search, current, options.absorb);
    current = await removeWeighted(search, current, options);
    // Without some rotations other gates may do nothing any more.
    if (current === before || search.isSpent) return current;
  }
}

async function removeEntanglers(
  search: BudgetedSearch,
  trained: TrainedCircuit,
  absorb: boolean | undefined,
): Promise<TrainedCircuit> {
  let current = trained;
  while (!search.isSpent) {
    const { operations } = current.circuit;
    const positions = removablePositions(current).filter((position) => isEntangler(operations[position]!));
    const next = await firstWithin(search, await measured(search, current, positions, absorb));
    if (next === undefined) return current;
    current = next;
  }
  return current;
}

/** The circuit without each of some gates, those with the least loss first. */
async function measured(
  search: BudgetedSearch,
  trained: TrainedCircuit,
  positions: readonly number[],
  absorb: boolean | undefined,
): Promise<readonly TrainedCircuit[]> {
  const found: { readonly candidate: TrainedCircuit; readonly loss: number }[] = [];
  for (const position of positions) {
    const candidate = without(trained, [position], absorb);
    found.push({ candidate, loss: rankingLoss(await search.score(candidate)) });
  }
  return found.sort((a, b) => a.loss - b.loss).map(({ candidate }) => candidate);
}

/** Training rows are many, where they are scored, so gates are told apart best by these. */
function rankingLoss({ loss, training }: Score): number {
  return training?.loss ?? loss;
}

/** The first of some candidates that keeps the budget, if it is among the first few. */
async function firstWithin(
  search: BudgetedSearch,
  candidates: readonly TrainedCircuit[],
): Promise<TrainedCircuit | undefined> {
  for (const candidate of candidates.slice(0, search.patience)) {
    if (search.isSpent) return undefined;
    const found = await search.attempt("remove", candidate);
    if (found !== undefined) return found;
  }
  return undefined;
}

async function removeWeighted(
  search: BudgetedSearch,
  trained: TrainedCircuit,
  { criterion, share = 0.25, absorb }: Pick<RemoveOptions, "criterion" | "share" | "absorb">,
): Promise<TrainedCircuit> {
  let current = trained;
  let part = share;
  while (!search.isSpent) {
    const ranked = await rankedForRemoval(search, current, criterion, absorb);
    if (ranked.length === 0) return current;
    const count = Math.max(1, Math.floor(part * ranked.length));
    const next =
      count > 1
        ? await search.attempt("remove", without(current, ranked.slice(0, count), absorb))
        : await firstWithin(
            search,
            ranked.slice(0, search.patience).map((position) => without(current, [position], absorb)),
          );
    if (next !== undefined) current = next;
    else if (count === 1) return current;
    else part /= 2;
  }
  return current;
}

/** Positions of gates with weights, those that are missed least first. */
async function rankedForRemoval(
  search: BudgetedSearch,
  trained: TrainedCircuit,
  criterion: RemovalCriterion | undefined,
  absorb: boolean | undefined,
): Promise<readonly number[]> {
  const chosen = criterion ?? (search.objective.slopes === undefined ? "measured" : "fisher");
  const rises =
    chosen === "measured"
      ? await measuredRises(search, trained, absorb)
      : (await predictedRises(search, trained, chosen)).map(({ position, rise }) => ({ position, rise }));
  return rises.toSorted((a, b) => a.rise - b.rise).map(({ position }) => position);
}

interface Rise {
  readonly position: number;
  readonly rise: number;
}

async function measuredRises(
  search: BudgetedSearch,
  trained: TrainedCircuit,
  absorb: boolean | undefined,
): Promise<readonly Rise[]> {
  const { operations } = trained.circuit;
  const rises: Rise[] = [];
  for (const position of removablePositions(trained).filter((at) => rolesOf(operations[at]!).has("weight")))
    rises.push({ position, rise: rankingLoss(await search.score(without(trained, [position], absorb))) });
  return rises;
}

async function predictedRises(
  search: BudgetedSearch,
  trained: TrainedCircuit,
  criterion: Exclude<RemovalCriterion, "measured">,
): Promise<readonly Rise[]> {
  const free = tunableGates(trained).filter((gate) => gate.free);
  if (criterion === "angle")
    return free.map((gate) => ({ position: gate.position, rise: Math.abs(shiftToIdentity(gate)) }));
  if (criterion === "fisher") {
    const sensitivity = await sensitivityOf(search, trained);
    return free.map((gate) => ({
      position: gate.position,
      rise: predictedRise(sensitivity, gate, shiftToIdentity(gate)),
    }));
  }
  const slopes = await search.objective.slopes?.(trained, search.signal);
  const signal = search.signal === undefined ? {} : { signal: search.signal };
  const { gates, diagonal } = await quantumFisherDiagonal(trained, {
    ...(slopes === undefined ? {} : { inputs: slopes.inputs }),
    ...signal,
  });
  return gates.flatMap((gate, index) =>
    gate.free ? [{ position: gate.position, rise: shiftToIdentity(gate) ** 2 * diagonal[index]! }] : [],
  );
}

/** @throws CompressionError COMPRESSION_OPTION where the objective knows no slopes */
export async function sensitivityOf(search: BudgetedSearch, trained: TrainedCircuit): Promise<LossSensitivity> {
  const { slopes } = search.objective;
  checkSetting(
    "The criterion",
    "fisher",
    slopes,
    slopes !== undefined,
    "an objective with slopes, or another criterion",
  );
  return lossSensitivity(
    trained,
    await search.objective.slopes!(trained, search.signal),
    search.signal === undefined ? {} : { signal: search.signal },
  );
}

/** To second order: slope · shift + ½ · shift² · Fisher information. */
export function predictedRise({ gates, gradient, fisher }: LossSensitivity, gate: TunableGate, shift: number): number {
  const index = gates.findIndex(({ position }) => position === gate.position);
  return gradient[index]! * shift + 0.5 * fisher[index]! * shift ** 2;
}

/** The circuit without some gates, and without what they alone made needed. */
function without(trained: TrainedCircuit, positions: readonly number[], absorb: boolean | undefined): TrainedCircuit {
  const gone = new Set(positions);
  const kept = trained.circuit.operations.filter((_operation: Operation, position) => !gone.has(position));
  return reduced(withOperations(trained, kept), absorb);
}
