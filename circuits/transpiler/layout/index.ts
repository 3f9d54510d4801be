import { TranspilerError } from "../../errors.ts";
import type { Operation } from "../../operation.ts";
import type { Rng } from "../../rng.ts";
import type { Effort } from "../compiled-circuit.ts";
import type { Target } from "../target.ts";
import { type Coupling, couplingOf } from "./coupling.ts";
import { buildDag, type Dag, NODE } from "./dag.ts";
import { emitRoute } from "./emit.ts";
import { layoutAndRoute, routeOnly } from "./sabre.ts";
import { assignRegions, components, StartLayouts } from "./start-layouts.ts";

export interface PlaceAndRouteOptions {
  readonly effort: Effort;
  readonly rng: Rng;
  /** The physical qubit of each qubit; only routed then. */
  readonly initialLayout?: readonly number[];
}

export interface PlacedCircuit {
  /** On physical qubits; gates on pairs only between live neighbours, in either direction; swaps as gate `swap`, moves onto unused qubits as two `cx`. */
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
  const dag = buildDag(operations, numQubits);
  const parts = components(numQubits, pairsOf(dag));
  const found =
    initialLayout === undefined
      ? layoutAndRoute(dag, coupling, new StartLayouts(dag, coupling, regionsFor(parts, coupling, target)), effort, rng)
      : routeOnly(dag, coupling, checkedLayout(initialLayout, numQubits, parts, coupling, target), effort, rng);
  if (found.cost === Number.POSITIVE_INFINITY)
    throw new TranspilerError(
      "LAYOUT_BRANCH",
      `A conditional holds gates on pairs of qubits that cannot all be neighbours at once on ${target.name}; split it into several conditionals with fewer pairs each.`,
    );
  return {
    operations: emitRoute(dag, coupling, found.router, found.layout),
    cost: found.cost,
    initialLayout: Object.freeze([...found.layout]),
    finalLayout: Object.freeze([...found.router.places]),
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
