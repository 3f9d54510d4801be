import type { CompileOptions } from "../../../circuits/index.ts";
import { Target } from "../../../circuits/index.ts";
import { CompressionError } from "../../errors.ts";
import type { AngleGrid } from "./gates.ts";
import { checkStep, type HardwareCost, type HardwareStep, hardwareCost } from "./hardware-cost.ts";
import { paretoFront } from "./pareto.ts";
import { checkRemoval, type RemovalCriterion, removeWithin } from "./remove-gates.ts";
import { BudgetedSearch, type CompressionStage, checkSearch, type SearchOptions, type SearchPoint } from "./search.ts";
import { type Block, shrinkWithin } from "./shrink-ansatz.ts";
import { checkGrid, snapWithin } from "./snap-angles.ts";
import {
  type CircuitSize,
  checkSetting,
  checkTrained,
  reduced,
  sizeOf,
  type TrainedCircuit,
} from "./trained-circuit.ts";

const STAGES = ["shrink", "remove", "snap"] as const;

export interface CompressCircuitOptions extends SearchOptions {
  /** The device that circuits are compiled for; without one they are compared as they stand. */
  readonly target?: Target;
  /** How they are compiled. */
  readonly compile?: CompileOptions;
  /** The training step whose executions and seconds are told. */
  readonly step?: HardwareStep;
  /** What is tried beside the exact reduction, which always is; all by default. Blocks go first wherever they stand. */
  readonly stages?: readonly (typeof STAGES)[number][];
  /** See `ShrinkOptions`. */
  readonly blocks?: readonly Block[];
  /** See `RemoveOptions`. */
  readonly criterion?: RemovalCriterion;
  readonly entanglers?: boolean;
  /** See `SnapOptions`. */
  readonly grid?: AngleGrid;
  /** Of removal and snapping; see `RemoveOptions`. */
  readonly share?: number;
  /** Whether Clifford gates may move into the observables; true by default. */
  readonly absorb?: boolean;
}

/** One row of the table: a circuit within the budget, how good it is, and what it takes. */
export interface CompressedPoint {
  /** The stage that found it. */
  readonly stage: CompressionStage;
  /** On validation rows. */
  readonly loss: number;
  readonly accuracy: number | undefined;
  /** Of the circuit alone. */
  readonly parameters: number;
  readonly size: CircuitSize;
  /** Compiled for the target; undefined without one. */
  readonly hardware: HardwareCost | undefined;
  readonly trained: TrainedCircuit;
}

export interface CompressedCircuit {
  /** The circuit that was given. */
  readonly given: CompressedPoint;
  /** Within the budget, the one with the fewest gates on two qubits, then the fewest weights, then the least loss. */
  readonly best: CompressedPoint;
  /** Those that no other beats in loss or accuracy, gates on two qubits, weights and seconds; the largest circuit first. */
  readonly points: readonly CompressedPoint[];
  /** Circuits that were fine-tuned on the way. */
  readonly fineTunes: number;
}

/**
 * Searches for smaller circuits that are as good within a budget on validation rows: an exact reduction, then whole blocks of
 * the ansatz, then single gates, then angles at cheap values, with fine-tuning after every step. The same circuit and options
 * give the same result, where the objective does.
 * @throws CompressionError COMPRESSION_CIRCUIT, COMPRESSION_OPTION, COMPRESSION_BUDGET, COMPRESSION_LOSS; TranspilerError where a
 * circuit does not fit the target; what the objective throws; the signal's reason
 * @example const { best, points } = await compressCircuit(trained, { objective, budget: { accuracy: -0.01 }, target: loadTarget("torino") });
 */
export async function compressCircuit(
  trained: TrainedCircuit,
  options: CompressCircuitOptions,
): Promise<CompressedCircuit> {
  check(trained, options);
  const { stages = STAGES, absorb } = options;
  const search = await BudgetedSearch.start(options, trained);
  const noteReduced = async (from: TrainedCircuit): Promise<TrainedCircuit> => {
    const after = reduced(from, absorb);
    search.note("reduce", after, await search.score(after));
    return after;
  };
  const untouched = await noteReduced(trained);
  // Blocks are found by the shapes of weight vectors, which a reduction does not keep: so shrinking comes before it.
  const shrunk = stages.includes("shrink") ? await shrinkWithin(search, trained, options.blocks) : trained;
  let current = shrunk === trained ? untouched : await noteReduced(shrunk);
  for (const stage of stages)
    if (stage === "remove") current = await removeWithin(search, current, options);
    else if (stage === "snap") current = await snapWithin(search, current, options);
  return tableOf(search, options);
}

/** Costs and front of what a search found. */
function tableOf(search: BudgetedSearch, options: CompressCircuitOptions): CompressedCircuit {
  const rows = search.points.map((point) => rowOf(point, options));
  // The given circuit is where it starts, also where its copy that was only reduced scores a rounding error apart.
  const within = rows.filter((_, index) => index === 0 || search.isWithin(search.points[index]!.score));
  const pairs = ({ hardware, size }: CompressedPoint): number => hardware?.twoQubitGates ?? size.entanglers;
  const best = within.toSorted(
    (a, b) => pairs(a) - pairs(b) || a.parameters - b.parameters || a.size.gates - b.size.gates || a.loss - b.loss,
  )[0]!;
  const quality =
    best.accuracy === undefined
      ? ({ of: (row: CompressedPoint) => row.loss, better: "less" } as const)
      : ({ of: (row: CompressedPoint) => row.accuracy, better: "more" } as const);
  const front = paretoFront(within, [
    quality,
    { of: pairs, better: "less" },
    { of: ({ parameters }) => parameters, better: "less" },
    ...(options.target === undefined
      ? []
      : [{ of: ({ hardware }: CompressedPoint) => hardware?.quantumSeconds, better: "less" } as const]),
  ]);
  return {
    given: rows[0]!,
    best,
    points: front.toSorted((a, b) => pairs(b) - pairs(a) || b.parameters - a.parameters),
    fineTunes: search.fineTunes,
  };
}

function rowOf(
  { stage, trained, score }: SearchPoint,
  { target, step, compile }: CompressCircuitOptions,
): CompressedPoint {
  return {
    stage,
    loss: score.loss,
    accuracy: score.accuracy,
    parameters: trained.circuit.numWeights,
    size: sizeOf(trained),
    hardware:
      target === undefined
        ? undefined
        : hardwareCost(trained, target, {
            ...(step === undefined ? {} : { step }),
            ...(compile === undefined ? {} : { compile }),
          }),
    trained,
  };
}

const OWN = "target compile step stages blocks criterion entanglers grid share absorb".split(" ");

function check(trained: TrainedCircuit, options: CompressCircuitOptions): void {
  checkTrained("compressCircuit", trained);
  checkSearch("compressCircuit", options, OWN);
  checkRemoval("compressCircuit", options);
  checkGrid("compressCircuit", options.grid);
  checkStep("compressCircuit", options.step ?? {});
  const { stages = STAGES, target } = options;
  const known = Array.isArray(stages) && stages.every((stage) => STAGES.includes(stage));
  checkSetting("compressCircuit", "stages", stages, known, `a list of ${STAGES.join(", ")}`);
  if (target !== undefined && !(target instanceof Target))
    throw new CompressionError(
      "COMPRESSION_OPTION",
      'compressCircuit: the target is a device such as loadTarget("torino"); leave it out for none.',
    );
}
