import type { Operation } from "../../../circuits/index.ts";
import { type AngleGrid, exactAngle, shiftToGrid, type TunableGate, tunableGates, withSingleAngles } from "./gates.ts";
import { predictedRise, sensitivityOf } from "./remove-gates.ts";
import { BudgetedSearch, checkSearch, type SearchOptions } from "./search.ts";
import {
  type Compressed,
  checkOptions,
  checkSetting,
  checkTrained,
  reduced,
  reportOf,
  type TrainedCircuit,
  withOperations,
} from "./trained-circuit.ts";

const GRIDS: readonly string[] = ["clifford", "eighth"] satisfies readonly AngleGrid[];

/**
 * Fixes angles that are within `threshold` of a cheap one: a multiple of π/2 at which the gate is Clifford, or with `eighth`
 * any multiple of π/4. Their gates have no weights any more and merge with others, here and in the compiler.
 * @param options.threshold radians; 0.01 by default
 * @throws CompressionError COMPRESSION_CIRCUIT, COMPRESSION_OPTION
 */
export function snapSmallAngles(
  trained: TrainedCircuit,
  options: { readonly threshold?: number; readonly grid?: AngleGrid; readonly absorb?: boolean } = {},
): Compressed {
  checkTrained("snapSmallAngles", trained);
  checkOptions("snapSmallAngles", options, ["threshold", "grid", "absorb"]);
  const { threshold = 0.01, grid = "clifford", absorb } = options;
  checkSetting("snapSmallAngles", "threshold", threshold, threshold >= 0, "radians of 0 or more");
  checkGrid("snapSmallAngles", grid);
  const near = tunableGates(trained).filter((gate) => gate.free && Math.abs(shiftToGrid(gate, grid)) <= threshold);
  const after = snapped(trained, near, grid, absorb);
  return { ...after, report: reportOf(trained, after) };
}

export interface SnapOptions extends SearchOptions {
  /** `clifford` by default. */
  readonly grid?: AngleGrid;
  /** Which share of the gates with weights is fixed in the first try of a round; 0.25 by default. */
  readonly share?: number;
  /** Whether Clifford gates may move into the observables; true by default. */
  readonly absorb?: boolean;
}

/**
 * Fixes angles at cheap values as long as the budget on validation rows allows, and fine-tunes the rest after every round:
 * first those whose loss rises least, by slope and Fisher information where the objective knows them, else the nearest.
 * @throws as `removeGates`
 */
export async function snapAngles(trained: TrainedCircuit, options: SnapOptions): Promise<Compressed> {
  checkTrained("snapAngles", trained);
  checkSearch("snapAngles", options, ["grid", "share", "absorb"]);
  checkGrid("snapAngles", options.grid);
  const after = await snapWithin(
    await BudgetedSearch.start(options, trained),
    reduced(trained, options.absorb),
    options,
  );
  return { ...after, report: reportOf(trained, after) };
}

/** @throws CompressionError COMPRESSION_OPTION */
export function checkGrid(what: string, grid: AngleGrid = "clifford"): void {
  checkSetting(what, "grid", grid, GRIDS.includes(grid), `one of ${GRIDS.join(", ")}`);
}

/** Snapping as a stage of a search. */
export async function snapWithin(
  search: BudgetedSearch,
  trained: TrainedCircuit,
  { grid = "clifford", share = 0.25, absorb }: Pick<SnapOptions, "grid" | "share" | "absorb">,
): Promise<TrainedCircuit> {
  let current = withSingleAngles(trained);
  let part = share;
  while (!search.isSpent) {
    const ranked = await rankedForSnapping(search, current, grid);
    if (ranked.length === 0) return current;
    const count = Math.max(1, Math.floor(part * ranked.length));
    const tries = count > 1 ? [ranked.slice(0, count)] : ranked.slice(0, search.patience).map((gate) => [gate]);
    let next: TrainedCircuit | undefined;
    for (const gates of tries) {
      if (search.isSpent) return current;
      next = await search.attempt("snap", snapped(current, gates, grid, absorb));
      if (next !== undefined) break;
    }
    if (next !== undefined) current = next;
    else if (count === 1) return current;
    else part /= 2;
  }
  return current;
}

async function rankedForSnapping(
  search: BudgetedSearch,
  trained: TrainedCircuit,
  grid: AngleGrid,
): Promise<readonly TunableGate[]> {
  const free = tunableGates(trained).filter((gate) => gate.free);
  if (free.length === 0) return [];
  let riseOf = (gate: TunableGate): number => Math.abs(shiftToGrid(gate, grid));
  if (search.objective.slopes !== undefined) {
    const sensitivity = await sensitivityOf(search, trained);
    riseOf = (gate) => predictedRise(sensitivity, gate, shiftToGrid(gate, grid));
  }
  return free
    .map((gate) => ({ gate, rise: riseOf(gate) }))
    .sort((a, b) => a.rise - b.rise)
    .map(({ gate }) => gate);
}

function snapped(
  trained: TrainedCircuit,
  gates: readonly TunableGate[],
  grid: AngleGrid,
  absorb: boolean | undefined,
): TrainedCircuit {
  const angles = new Map(
    gates.map((gate) => [gate.position, exactAngle(gate.angle + shiftToGrid(gate, grid), gate.operation, grid)]),
  );
  const operations = trained.circuit.operations.map((operation, position): Operation => {
    const angle = angles.get(position);
    return angle === undefined || operation.kind !== "gate"
      ? operation
      : Object.freeze({ ...operation, params: Object.freeze([angle]) });
  });
  return reduced(withOperations(trained, operations), absorb);
}
