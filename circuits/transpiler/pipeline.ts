import type { Circuit } from "../circuit.ts";
import { TranspilerError } from "../errors.ts";
import type { Operation } from "../operation.ts";
import type { Rng } from "../rng.ts";
import type { CompileOptions, Effort } from "./compiled-circuit.ts";
import { Derivations } from "./derivations.ts";
import { isPair } from "./ir.ts";
import { withoutFinalMeasurements } from "./layout/final-measurements.ts";
import { placeAndRoute } from "./layout/index.ts";
import { successOf } from "./metrics.ts";
import { absorbFinalSwaps } from "./passes/absorb-final-swaps.ts";
import type { SynthesisOptions } from "./passes/block-synthesis.ts";
import { elideSwaps } from "./passes/elide-swaps.ts";
import { liveDirection, lower } from "./passes/lower.ts";
import { pauliNetwork } from "./passes/pauli-network.ts";
import { resynthesizeBlocks } from "./passes/resynthesize-blocks.ts";
import { simplify } from "./passes/simplify.ts";
import { translatePairs } from "./passes/translate-pairs.ts";
import { unroll } from "./passes/unroll.ts";
import type { Target } from "./target.ts";

/** A circuit before it is placed. */
interface LogicalCircuit {
  readonly operations: readonly Operation[];
  /** Where each qubit of the source ends, among the source's qubits. */
  readonly wires: readonly number[];
}

/** A circuit in a device's basis, on its qubits. */
export interface PhysicalCircuit {
  readonly operations: readonly Operation[];
  readonly initialLayout: readonly number[];
  readonly finalLayout: readonly number[];
  readonly derivations: Derivations;
  readonly twoQubitGates: number;
  readonly success: number;
}

/** How many gates on two qubits are routed again with other random numbers at effort 3, and how often at most. */
const REROUTED_PAIRS = 400;
const MAX_ROUTES = 3;
/** Entanglers that a network may take before it is simplified, as a multiple of those that it replaces. */
const NETWORK_SLACK = 1.1;
const NETWORKS = ["circuit", "line"] as const;
const MAX_ROUNDS = 6;

/**
 * The best translation of a circuit to a target: logical rewriting, placing and routing, and rewriting of what became of it,
 * for several variants at effort 3. The one with the fewest gates on two qubits is best, and of these the one with the
 * greatest chance to run without error.
 * @throws TranspilerError LAYOUT_WIDTH, LAYOUT_DISCONNECTED, LAYOUT_INITIAL, LAYOUT_BRANCH where no variant fits
 */
export function bestTranslation(
  source: Circuit,
  target: Target,
  options: Pick<CompileOptions, "initialLayout">,
  effort: Effort,
  rng: Rng,
): PhysicalCircuit {
  let best: PhysicalCircuit | undefined;
  let failure: TranspilerError | undefined;
  let bestVariant: LogicalCircuit | undefined;
  const attempt = (logical: LogicalCircuit, route: number): void => {
    let found: PhysicalCircuit;
    try {
      found = translate(source, logical, target, options, effort, rng, route);
    } catch (error) {
      // One variant may join qubits that another leaves apart, and not fit where that does.
      if (!(error instanceof TranspilerError)) throw error;
      failure ??= error;
      return;
    }
    if (best !== undefined && !isBetter(found, best)) return;
    best = found;
    bestVariant = logical;
  };
  const variants = logicalVariants(source, target, effort);
  for (const logical of variants) attempt(logical, 0);
  if (best === undefined) throw failure!;
  const pairs = Math.max(1, bestVariant!.operations.filter(isPair).length);
  const routes = effort < 3 ? 1 : Math.min(MAX_ROUTES, Math.floor(REROUTED_PAIRS / pairs));
  for (let route = 1; route < routes; route++)
    if (best!.twoQubitGates > floorOf(bestVariant!)) attempt(bestVariant!, route);
  return best!;
}

function isBetter(a: PhysicalCircuit, b: PhysicalCircuit): boolean {
  return a.twoQubitGates < b.twoQubitGates || (a.twoQubitGates === b.twoQubitGates && a.success > b.success);
}

/** Gates on two qubits that a circuit has before it is routed; only a guide to whether routing added any. */
function floorOf({ operations }: LogicalCircuit): number {
  return operations
    .filter(isPair)
    .reduce((sum, operation) => sum + (operation.kind === "gate" && operation.gate === "rzz" ? 2 : 1), 0);
}

/** The circuit rewritten before it is placed: as it stands, as a Pauli network, and at effort 3 also with the source's swaps. */
function logicalVariants(source: Circuit, target: Target, effort: Effort): readonly LogicalCircuit[] {
  const { numQubits } = source;
  const wires = Array.from({ length: numQubits }, (_, qubit) => qubit);
  const unrolled = unroll(source.operations, numQubits);
  if (effort === 0) return [{ operations: unrolled, wires }];
  const symbolic: SynthesisOptions = { fractional: isFractional(target) };
  const plain = optimized(unrolled, symbolic, effort);
  const elided = (operations: readonly Operation[]): LogicalCircuit => {
    const { operations: rest, wires: ends } = elideSwaps(operations, numQubits);
    return { operations: simplify(rest), wires: ends };
  };
  if (effort === 1) return [elided(plain)];
  const exchanging = (operations: readonly Operation[]): LogicalCircuit =>
    elided(resynthesizeBlocks(operations, { ...symbolic, mirror: () => true }));
  const first = exchanging(plain);
  const { rest, measurements } = withoutFinalMeasurements(plain);
  const end = rest.findLastIndex(({ kind }) => kind !== "barrier") + 1;
  const [body, barriers] = [rest.slice(0, end), rest.slice(end)];
  const networks = NETWORKS.flatMap((pairs) => {
    const network = pauliNetwork(body, numQubits, pairs, NETWORK_SLACK * floorOf(first));
    // Exchanges in the middle would take a network off the pairs that it was made for.
    return network === undefined
      ? []
      : [elided([...optimized(network, symbolic, effort), ...barriers, ...measurements])];
  }).filter((network) => floorOf(network) < floorOf(first));
  if (effort === 2) return [first, ...networks];
  const variants = [first, ...networks];
  if (first.wires.some((wire, qubit) => wire !== qubit)) variants.push({ operations: plain, wires });
  return variants;
}

/** Whether the device runs rzz itself, at least somewhere. */
function isFractional(target: Target): boolean {
  return target.edges.some(([a, b]) => liveDirection(target, "rzz", a, b) !== undefined);
}

/** Places, routes and rewrites one variant. */
function translate(
  source: Circuit,
  logical: LogicalCircuit,
  target: Target,
  { initialLayout }: Pick<CompileOptions, "initialLayout">,
  effort: Effort,
  rng: Rng,
  route: number,
): PhysicalCircuit {
  const derivations = new Derivations(source, rng);
  const symbolic: SynthesisOptions = { fractional: isFractional(target) };
  const isNative = (a: number, b: number): boolean =>
    symbolic.fractional && liveDirection(target, "rzz", a, b) !== undefined;
  const routed = placeAndRoute(logical.operations, source.numQubits, target, {
    effort,
    rng: rng.fork("layout", route),
    ...(initialLayout === undefined ? {} : { initialLayout }),
  });
  let final = routed.finalLayout;
  let operations = unroll(routed.operations, target.numQubits);
  if (effort > 0) {
    const absorbed = absorbFinalSwaps(optimized(operations, symbolic, effort), target.numQubits, symbolic);
    final = final.map((qubit) => absorbed.wires[qubit]!);
    operations = simplify(translatePairs(absorbed.operations, isNative));
    operations = optimized(operations, effort > 1 ? { ...symbolic, derivations } : symbolic, effort);
  }
  operations = translatePairs(operations, isNative);
  if (effort > 0) operations = simplify(operations);
  operations = lower(operations, target, derivations);
  return {
    operations,
    initialLayout: routed.initialLayout,
    finalLayout: logical.wires.map((wire) => final[wire]!),
    derivations,
    twoQubitGates: countPairs(operations),
    success: successOf(operations, target) ?? 1,
  };
}

function countPairs(operations: readonly Operation[]): number {
  return operations.reduce(
    (sum, operation) =>
      sum +
      (operation.kind === "if"
        ? countPairs(operation.whenTrue) + countPairs(operation.whenFalse)
        : isPair(operation)
          ? 1
          : 0),
    0,
  );
}

/** Simplifies and resynthesises blocks in turns until the number of gates on two qubits stays. */
function optimized(operations: readonly Operation[], options: SynthesisOptions, effort: Effort): readonly Operation[] {
  let current = simplify(operations);
  const rounds = effort === 1 ? 1 : MAX_ROUNDS;
  for (let round = 0; round < rounds; round++) {
    const before = current.filter(isPair).length;
    current = simplify(resynthesizeBlocks(current, options));
    if (round > 0 && current.filter(isPair).length >= before) break;
  }
  return current;
}
