import { TranspilerError } from "../../errors.ts";
import { mapOperation, type Operation, qubitsOf } from "../../operation.ts";
import type { Rng } from "../../rng.ts";
import type { Effort } from "../compiled-circuit.ts";
import type { Target } from "../target.ts";
import { components } from "./components.ts";
import { type Coupling, couplingOf } from "./coupling.ts";
import { buildDag, type Dag, NODE } from "./dag.ts";
import { emitRoute } from "./emit.ts";
import { type ErrorCosts, errorCosts, usageOf } from "./error-costs.ts";
import { withoutFinalMeasurements } from "./final-measurements.ts";
import { layoutAndRoute, routeOnly, type SabreResult } from "./sabre.ts";
import { assignRegions, StartLayouts } from "./start-layouts.ts";
import { findPlacement, placementScore } from "./vf2.ts";

/** How many placements of one qubit the search for a placement tries. */
const SEARCH_BUDGET = [2_000, 8_000, 30_000, 80_000] as const;
/** Entanglers of gates on pairs that need other than two. */
const ENTANGLERS_OF: Readonly<Record<string, number>> = { cx: 1, cz: 1, ecr: 1, cy: 1, ch: 1, swap: 1 };

const entanglersOf = (operation: Operation): number =>
  operation.kind === "gate" ? (ENTANGLERS_OF[operation.gate] ?? 2) : 2;

export interface PlaceAndRouteOptions {
  readonly effort: Effort;
  readonly rng: Rng;
  /** The physical qubit of each qubit; only routed then. */
  readonly initialLayout?: readonly number[];
}

export interface PlacedCircuit {
  /** On physical qubits; gates on pairs only between live neighbours, in either direction; swaps as gate `swap`, a move onto an unused qubit as two `cz` with `ry` around. */
  readonly operations: readonly Operation[];
  /** For each qubit the physical qubit on which it starts, and the one on which it ends. */
  readonly initialLayout: readonly number[];
  readonly finalLayout: readonly number[];
  /** The two-qubit gates that resynthesis of the runs on each pair should leave. */
  readonly cost: number;
}

/**
 * Places a circuit on a device and routes it. Gates act on at most two qubits each. The result is the circuit's state up to
 * the permutation from `initialLayout` to `finalLayout`, provided that all other physical qubits start in |0⟩, in which they
 * end again.
 * @throws TranspilerError LAYOUT_WIDTH, LAYOUT_DISCONNECTED, LAYOUT_BRANCH
 */
export function placeAndRoute(
  operations: readonly Operation[],
  numQubits: number,
  target: Target,
  options: PlaceAndRouteOptions,
): PlacedCircuit {
  const { effort, rng, initialLayout } = options;
  const coupling = couplingOf(target);
  const { rest, measurements } = withoutFinalMeasurements(operations);
  const dag = buildDag(rest, numQubits);
  const finish = (found: SabreResult): PlacedCircuit => placed(dag, coupling, found, measurements, target);
  const parts = components(numQubits, pairsOf(dag));
  if (initialLayout !== undefined) {
    const layout = checkedLayout(initialLayout, numQubits, parts, coupling, target);
    return finish(routeOnly(dag, coupling, layout, effort, rng));
  }
  const regionOf = regionsFor(parts, coupling, target);
  const costs = errorCosts(target, coupling);
  const budget = SEARCH_BUDGET[effort];
  const usage = usageOf(operations, numQubits, entanglersOf, Array(numQubits).keys());
  const perfect = findPlacement(usage, coupling, costs, budget, rng);
  if (perfect !== undefined) return finish(routeOnly(dag, coupling, perfect.layout, effort, rng));
  const starts = new StartLayouts(dag, coupling, regionOf);
  const routed = finish(layoutAndRoute(dag, coupling, starts, effort, rng));
  return effort === 0 ? routed : moveToBetterPlace(routed, coupling, costs, budget, rng);
}

function placed(
  dag: Dag,
  coupling: Coupling,
  found: SabreResult,
  measurements: readonly Operation[],
  target: Target,
): PlacedCircuit {
  if (found.cost === Number.POSITIVE_INFINITY)
    throw new TranspilerError(
      "LAYOUT_BRANCH",
      `A conditional holds gates on pairs of qubits that cannot all be neighbours at once on ${target.name}; split it into several conditionals with fewer pairs each.`,
    );
  return {
    operations: [
      ...emitRoute(dag, coupling, found.router, found.layout),
      ...measurements.map((operation) => mapOperation(operation, { qubit: (q) => found.router.places[q]! })),
    ],
    cost: found.cost,
    initialLayout: Object.freeze([...found.layout]),
    finalLayout: Object.freeze([...found.router.places]),
  };
}

/** Moves a routed circuit as a whole to where its pairs and qubits have the least errors. */
function moveToBetterPlace(
  routed: PlacedCircuit,
  coupling: Coupling,
  costs: ErrorCosts,
  budget: number,
  rng: Rng,
): PlacedCircuit {
  const active = new Set(routed.initialLayout);
  for (const operation of routed.operations) for (const qubit of qubitsOf(operation)) active.add(qubit);
  const places = [...active].sort((a, b) => a - b);
  const index = new Map(places.map((place, i) => [place, i]));
  const usage = usageOf(
    routed.operations.map((operation) => mapOperation(operation, { qubit: (q) => index.get(q)! })),
    places.length,
    entanglersOf,
    routed.finalLayout.map((place) => index.get(place)!),
  );
  const layout = Int32Array.from(places);
  const known = { layout, score: placementScore(usage, coupling, costs, layout) };
  const better = findPlacement(usage, coupling, costs, budget, rng, known);
  if (better === undefined || better.score >= known.score) return routed;
  const qubit = (q: number): number => better.layout[index.get(q)!]!;
  return {
    operations: routed.operations.map((operation) => mapOperation(operation, { qubit })),
    cost: routed.cost,
    initialLayout: Object.freeze(routed.initialLayout.map(qubit)),
    finalLayout: Object.freeze(routed.finalLayout.map(qubit)),
  };
}

function pairsOf(dag: Dag): readonly (readonly [number, number])[] {
  const pairs: (readonly [number, number])[] = [];
  for (let node = 0; node < dag.numNodes; node++) {
    if (dag.kind[node] === NODE.pair) pairs.push([dag.first[node]!, dag.second[node]!]);
    if (dag.kind[node] === NODE.branch) pairs.push(...dag.branchPairs.get(node)!);
  }
  return pairs;
}

/** The region of the device for each qubit. */
function regionsFor(parts: readonly (readonly number[])[], coupling: Coupling, target: Target): Int32Array {
  const numQubits = parts.reduce((sum, part) => sum + part.length, 0);
  const working = coupling.regionSizes.reduce((sum, size) => sum + size, 0);
  if (numQubits > working)
    throw new TranspilerError(
      "LAYOUT_WIDTH",
      `The circuit has ${numQubits} qubits, but ${target.name} has ${working} that work.`,
    );
  const regions = assignRegions(parts, coupling.regionSizes);
  if (regions === undefined)
    throw new TranspilerError(
      "LAYOUT_DISCONNECTED",
      `The circuit's connected parts (${parts.map(({ length }) => length).join(", ")} qubits) do not fit the regions of ${target.name} that are joined by working gates (${coupling.regionSizes.join(", ")} qubits).`,
    );
  const regionOf = new Int32Array(numQubits);
  parts.forEach((part, i) => {
    for (const qubit of part) regionOf[qubit] = regions[i]!;
  });
  return regionOf;
}

function checkedLayout(
  layout: readonly number[],
  numQubits: number,
  parts: readonly (readonly number[])[],
  coupling: Coupling,
  target: Target,
): Int32Array {
  const fault = (why: string): never => {
    throw new TranspilerError("LAYOUT_INITIAL", `initialLayout ${why}.`);
  };
  if (layout.length !== numQubits)
    fault(`needs a physical qubit for each of the circuit's ${numQubits} qubits, not ${layout.length}`);
  layout.forEach((place, qubit) => {
    if (!Number.isSafeInteger(place) || place < 0 || place >= coupling.numQubits)
      fault(`puts qubit ${qubit} on ${place}, but ${target.name} has the qubits 0 to ${coupling.numQubits - 1}`);
    if (coupling.region[place] === -1)
      fault(`puts qubit ${qubit} on ${place}, which is out of order on ${target.name}`);
    if (layout.indexOf(place) !== qubit) fault(`puts two qubits on ${place}`);
  });
  for (const part of parts)
    for (const qubit of part)
      if (coupling.region[layout[qubit]!] !== coupling.region[layout[part[0]!]!])
        throw new TranspilerError(
          "LAYOUT_DISCONNECTED",
          `initialLayout puts qubits ${part[0]} and ${qubit}, which interact, on ${layout[part[0]!]} and ${layout[qubit]}, which no working gates join on ${target.name}.`,
        );
  return Int32Array.from(layout);
}
