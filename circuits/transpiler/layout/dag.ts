import { clbitsOf, type Operation, qubitsOf, type UnitaryKind } from "../../operation.ts";
import { AXIS, type PairFacts, pairFacts, singleAxis } from "./block-facts.ts";

/** How a node constrains where its qubits stand. */
export const NODE = {
  /** Gates on one qubit. */
  single: 0,
  /** Gates on one pair of qubits, which must be neighbours. */
  pair: 1,
  /** Measurements, barriers and the like: they may stand anywhere, and nothing moves past them. */
  solid: 2,
  /** A conditional whose branches hold gates on pairs: all of these must be neighbours at once. */
  branch: 3,
} as const;

/**
 * A circuit as nodes with the order among them that matters. Wires are the qubits, then the classical bits. On every wire
 * the nodes fall into groups, one after the other; nodes of one group share an axis there and so commute. A node may run
 * when all groups before its own are done on all its wires.
 */
export interface Dag {
  readonly numQubits: number;
  readonly numWires: number;
  readonly numNodes: number;
  readonly kind: Uint8Array;
  /** The pair of a pair node, the qubit of a single node in `first`; -1 otherwise. */
  readonly first: Int32Array;
  readonly second: Int32Array;
  /** CX gates of a pair node alone, and followed by a swap. */
  readonly cost: Uint8Array;
  readonly swappedCost: Uint8Array;
  /** Operations of each node, in order. */
  readonly operations: readonly (readonly Operation[])[];
  /** Pairs that a branch node needs. */
  readonly branchPairs: ReadonlyMap<number, readonly (readonly [number, number])[]>;
  readonly order: NodeOrder;
  /** The same circuit from its end to its start. */
  readonly reversed: NodeOrder;
}

/** Nodes on wires in one direction of time. */
export interface NodeOrder {
  /** Wires of node i: wires[wireStart[i] .. wireStart[i + 1]], with the group of the node on each (a global number). */
  readonly wireStart: Int32Array;
  readonly wires: Int32Array;
  readonly groups: Int32Array;
  /** Groups of wire w: firstGroup[w] .. firstGroup[w + 1] - 1, in order. */
  readonly firstGroup: Int32Array;
  /** Members of group g: members[memberStart[g] .. memberStart[g + 1]]. */
  readonly memberStart: Int32Array;
  readonly members: Int32Array;
  /** Pair and branch nodes in the order in which they can first run, and that step for every node. */
  readonly schedule: Int32Array;
  readonly level: Int32Array;
}

interface Draft {
  readonly kind: number;
  readonly first: number;
  readonly second: number;
  readonly operations: Operation[];
}

/** Nodes and their order for operations of which each gate acts on at most two qubits. */
export function buildDag(operations: readonly Operation[], numQubits: number): Dag {
  const drafts = collectNodes(operations, numQubits);
  const numNodes = drafts.length;
  const facts = drafts.map((draft) => factsOf(draft));
  let numClbits = 0;
  for (const { operations: own } of drafts)
    for (const operation of own) for (const clbit of clbitsOf(operation)) numClbits = Math.max(numClbits, clbit + 1);
  const numWires = numQubits + numClbits;
  const wiresOf = drafts.map((draft) => wiresOfDraft(draft, numQubits));
  const axes = drafts.map((draft, node) => axesOf(draft, facts[node]));
  const kind = Uint8Array.from(drafts, (draft) => draft.kind);
  const branchPairs = new Map<number, readonly (readonly [number, number])[]>();
  drafts.forEach((draft, node) => {
    if (draft.kind === NODE.branch) branchPairs.set(node, pairsWithin(draft.operations[0]!));
  });
  return {
    numQubits,
    numWires,
    numNodes,
    kind,
    first: Int32Array.from(drafts, (draft) => draft.first),
    second: Int32Array.from(drafts, (draft) => draft.second),
    cost: Uint8Array.from(facts, (fact) => fact?.cost ?? 0),
    swappedCost: Uint8Array.from(facts, (fact) => fact?.swappedCost ?? 3),
    operations: drafts.map((draft) => draft.operations),
    branchPairs,
    order: orderNodes(wiresOf, axes, kind, numWires, false),
    reversed: orderNodes(wiresOf, axes, kind, numWires, true),
  };
}

/** The pairs of qubits on which gates act anywhere within an operation, branches included. */
export function pairsWithin(operation: Operation): readonly (readonly [number, number])[] {
  const found = new Map<string, readonly [number, number]>();
  const visit = (inner: Operation): void => {
    if (inner.kind === "if") for (const branch of [...inner.whenTrue, ...inner.whenFalse]) visit(branch);
    else if ((inner.kind === "gate" || inner.kind === "unitary") && inner.qubits.length === 2) {
      const [a, b] = inner.qubits as [number, number];
      found.set(`${Math.min(a, b)},${Math.max(a, b)}`, [Math.min(a, b), Math.max(a, b)]);
    }
  };
  visit(operation);
  return [...found.values()];
}

/** Runs of gates on one qubit or one pair become one node each. */
function collectNodes(operations: readonly Operation[], numQubits: number): readonly Draft[] {
  const drafts: Draft[] = [];
  /** The block on a pair that is last on a qubit, and the gates on the qubit after it. */
  const open = new Int32Array(numQubits).fill(-1);
  const pending: Operation[][] = Array.from({ length: numQubits }, () => []);
  const flush = (qubit: number): void => {
    if (pending[qubit]!.length > 0)
      drafts.push({ kind: NODE.single, first: qubit, second: -1, operations: pending[qubit]! });
    pending[qubit] = [];
    open[qubit] = -1;
  };
  for (const operation of operations) {
    if ((operation.kind === "gate" || operation.kind === "unitary") && operation.qubits.length <= 2) {
      const [a, b] = operation.qubits;
      if (a === undefined) drafts.push({ kind: NODE.solid, first: -1, second: -1, operations: [operation] });
      else if (b === undefined) pending[a]!.push(operation);
      else {
        const block = open[a]!;
        if (block >= 0 && block === open[b]) {
          const { operations: own } = drafts[block]!;
          // One by one: a long run would overflow the stack as arguments.
          for (const qubit of [a, b]) for (const single of pending[qubit]!) own.push(single);
          own.push(operation);
          pending[a] = [];
          pending[b] = [];
        } else {
          flush(a);
          flush(b);
          open[a] = drafts.length;
          open[b] = drafts.length;
          drafts.push({ kind: NODE.pair, first: a, second: b, operations: [operation] });
        }
      }
      continue;
    }
    for (const qubit of qubitsOf(operation)) flush(qubit);
    const needsNeighbours = operation.kind === "if" && pairsWithin(operation).length > 0;
    drafts.push({
      kind: needsNeighbours ? NODE.branch : NODE.solid,
      first: -1,
      second: -1,
      operations: [operation],
    });
  }
  for (let qubit = 0; qubit < numQubits; qubit++) flush(qubit);
  return drafts;
}

function factsOf({ kind, first, second, operations }: Draft): PairFacts | undefined {
  return kind === NODE.pair ? pairFacts(operations as UnitaryKind[], first, second) : undefined;
}

function wiresOfDraft({ kind, first, second, operations }: Draft, numQubits: number): readonly number[] {
  if (kind === NODE.single) return [first];
  if (kind === NODE.pair) return [first, second];
  return [...qubitsOf(operations[0]!), ...clbitsOf(operations[0]!).map((clbit) => numQubits + clbit)];
}

function axesOf({ kind, first, operations }: Draft, facts: PairFacts | undefined): readonly number[] {
  if (kind === NODE.single) return [singleAxis(operations as UnitaryKind[], first)];
  return facts === undefined ? [] : [facts.axisFirst, facts.axisSecond];
}

function orderNodes(
  wiresOf: readonly (readonly number[])[],
  axes: readonly (readonly number[])[],
  kind: Uint8Array,
  numWires: number,
  backwards: boolean,
): NodeOrder {
  const numNodes = wiresOf.length;
  const wireStart = new Int32Array(numNodes + 1);
  for (let node = 0; node < numNodes; node++) wireStart[node + 1] = wireStart[node]! + wiresOf[node]!.length;
  const total = wireStart[numNodes]!;
  const wires = new Int32Array(total);
  const local = new Int32Array(total);
  const groupsOnWire = new Int32Array(numWires);
  const lastAxis = new Int32Array(numWires);
  for (let step = 0; step < numNodes; step++) {
    const node = backwards ? numNodes - 1 - step : step;
    wiresOf[node]!.forEach((wire, i) => {
      const axis = axes[node]![i] ?? AXIS.none;
      if (groupsOnWire[wire] === 0 || axis === AXIS.none || axis !== lastAxis[wire])
        groupsOnWire[wire] = groupsOnWire[wire]! + 1;
      lastAxis[wire] = axis;
      wires[wireStart[node]! + i] = wire;
      local[wireStart[node]! + i] = groupsOnWire[wire]! - 1;
    });
  }
  const firstGroup = new Int32Array(numWires + 1);
  for (let wire = 0; wire < numWires; wire++) firstGroup[wire + 1] = firstGroup[wire]! + groupsOnWire[wire]!;
  const groups = local.map((group, i) => firstGroup[wires[i]!]! + group);
  const numGroups = firstGroup[numWires]!;
  const memberStart = new Int32Array(numGroups + 1);
  for (const group of groups) memberStart[group + 1] = memberStart[group + 1]! + 1;
  for (let group = 0; group < numGroups; group++)
    memberStart[group + 1] = memberStart[group + 1]! + memberStart[group]!;
  const members = new Int32Array(total);
  const filled = memberStart.slice();
  // The step at which a node can first run, counted in nodes on pairs; a group ends with its latest member.
  const level = new Int32Array(numNodes);
  const groupEnd = new Int32Array(numGroups);
  for (let step = 0; step < numNodes; step++) {
    const node = backwards ? numNodes - 1 - step : step;
    let start = 0;
    for (let i = wireStart[node]!; i < wireStart[node + 1]!; i++) {
      const group = groups[i]!;
      members[filled[group]!] = node;
      filled[group] = filled[group]! + 1;
      if (group > firstGroup[wires[i]!]!) start = Math.max(start, groupEnd[group - 1]!);
    }
    level[node] = start;
    const end = start + (kind[node] === NODE.pair || kind[node] === NODE.branch ? 1 : 0);
    for (let i = wireStart[node]!; i < wireStart[node + 1]!; i++)
      groupEnd[groups[i]!] = Math.max(groupEnd[groups[i]!]!, end);
  }
  const schedule = Int32Array.from(
    Array.from({ length: numNodes }, (_, step) => (backwards ? numNodes - 1 - step : step))
      .filter((node) => kind[node] === NODE.pair || kind[node] === NODE.branch)
      .sort((a, b) => level[a]! - level[b]!),
  );
  return { wireStart, wires, groups, firstGroup, memberStart, members, schedule, level };
}
