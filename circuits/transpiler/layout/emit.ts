import { gateOperation, mapOperation, type Operation, qubitsOf } from "../../operation.ts";
import type { Coupling } from "./coupling.ts";
import { type Dag, NODE } from "./dag.ts";
import { type Router, STEP } from "./router.ts";

/** The operations on physical qubits of the route that `router` recorded from `layout`. */
export function emitRoute(dag: Dag, coupling: Coupling, router: Router, layout: Int32Array): readonly Operation[] {
  const { steps, what } = router;
  const taken = postponed(dag, router);
  const place = Int32Array.from(layout);
  const occupant = new Int32Array(coupling.numQubits).fill(-1);
  for (let qubit = 0; qubit < place.length; qubit++) occupant[place[qubit]!] = qubit;
  const emitted: Operation[] = [];
  const qubit = (q: number): number => place[q]!;
  const run = (node: number): void => {
    for (const operation of dag.operations[node]!) emitted.push(mapOperation(operation, { qubit }));
  };
  for (let i = 0; i < steps.length; i++) {
    if (steps[i] === STEP.node) {
      if (!taken.has(i)) run(what[i]!);
      continue;
    }
    for (const node of taken.lists.get(i) ?? []) run(node);
    if (steps[i] === STEP.merged) {
      run(what[i]!);
      continue;
    }
    const a = coupling.low[what[i]!]!;
    const b = coupling.high[what[i]!]!;
    const [inA, inB] = [occupant[a]!, occupant[b]!];
    if (steps[i] === STEP.move) {
      const [from, to] = inA === -1 ? [b, a] : [a, b];
      // The other qubit is in |0⟩, so two of a swap's three CX do.
      emitted.push(...cxByCz(from, to), ...cxByCz(to, from));
    } else emitted.push(gateOperation("swap", [], [a, b]));
    occupant[a] = inB;
    occupant[b] = inA;
    if (inA !== -1) place[inA] = b;
    if (inB !== -1) place[inB] = a;
  }
  return emitted;
}

/**
 * Which nodes run later than recorded: the one that a swap or another node was put after, and the gates on single qubits
 * that followed it, right before those.
 */
function postponed(dag: Dag, { steps, what, after }: Router) {
  const stepOf = new Int32Array(dag.numNodes).fill(-1);
  const moved = new Set<number>();
  const lists = new Map<number, readonly number[]>();
  /** Recorded steps of the single-qubit nodes on each qubit since its last node of another kind. */
  const tail: number[][] = Array.from({ length: dag.numQubits }, () => []);
  for (let i = 0; i < steps.length; i++) {
    if (steps[i] === STEP.node) {
      const node = what[i]!;
      stepOf[node] = i;
      if (dag.kind[node] === NODE.single) tail[dag.first[node]!]!.push(i);
      else for (const operation of dag.operations[node]!) for (const q of qubitsOf(operation)) tail[q] = [];
      continue;
    }
    if (steps[i] !== STEP.absorbed && steps[i] !== STEP.merged) continue;
    const node = after[i]!;
    const ends = [dag.first[node]!, dag.second[node]!];
    const follow = ends.flatMap((q) => tail[q]!).filter((step) => step > stepOf[node]! && !moved.has(step));
    follow.sort((x, y) => x - y);
    moved.add(stepOf[node]!);
    for (const step of follow) moved.add(step);
    lists.set(i, [node, ...follow.map((step) => what[step]!)]);
    for (const q of ends) tail[q] = [];
  }
  return { has: (step: number) => moved.has(step), lists };
}

function cxByCz(control: number, target: number): readonly Operation[] {
  return [
    gateOperation("ry", [-Math.PI / 2], [target]),
    gateOperation("cz", [], [control, target]),
    gateOperation("ry", [Math.PI / 2], [target]),
  ];
}
