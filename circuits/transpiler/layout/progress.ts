import { type Dag, NODE, type NodeOrder } from "./dag.ts";

const WAITING = 0;
const READY = 1;
const DONE = 2;

/** How far a circuit has run: the pairs that are ready, and those that come next. Nodes on no pair run as soon as they can. */
export class Progress {
  /** Nodes on pairs that are ready, in no order: front[0 .. frontSize]. */
  readonly front: Int32Array;
  frontSize = 0;
  /** Nodes on pairs that come next, and how much they count: ahead[0 .. aheadSize]. */
  readonly ahead: Int32Array;
  readonly aheadWeight: Float64Array;
  aheadSize = 0;
  readonly #dag: Dag;
  readonly #onRun: (node: number) => void;
  #order: NodeOrder;
  /** Nodes of each group that have not run, and groups that each node waits for. */
  readonly #remaining: Int32Array;
  readonly #waiting: Int32Array;
  readonly #state: Uint8Array;
  readonly #stack: Int32Array;
  #scheduled = 0;

  /** @param onRun is told of every node that runs, in order */
  constructor(dag: Dag, onRun: (node: number) => void) {
    this.#dag = dag;
    this.#onRun = onRun;
    this.#order = dag.order;
    const { numNodes } = dag;
    this.front = new Int32Array(numNodes + 1);
    this.ahead = new Int32Array(numNodes + 1);
    this.aheadWeight = new Float64Array(numNodes + 1);
    this.#remaining = new Int32Array(dag.order.members.length + 1);
    this.#waiting = new Int32Array(numNodes);
    this.#state = new Uint8Array(numNodes);
    this.#stack = new Int32Array(numNodes + 1);
  }

  begin(order: NodeOrder): void {
    this.#order = order;
    this.#state.fill(WAITING);
    this.frontSize = 0;
    this.aheadSize = 0;
    this.#scheduled = 0;
    const { memberStart, wireStart, firstGroup, groups, wires } = order;
    for (let group = 0; group + 1 < memberStart.length; group++)
      this.#remaining[group] = memberStart[group + 1]! - memberStart[group]!;
    const { numNodes } = this.#dag;
    for (let node = 0; node < numNodes; node++) {
      let waiting = 0;
      for (let i = wireStart[node]!; i < wireStart[node + 1]!; i++) if (groups[i] !== firstGroup[wires[i]!]) waiting++;
      this.#waiting[node] = waiting;
    }
    for (let node = 0; node < numNodes; node++)
      if (this.#waiting[node] === 0 && this.#state[node] === WAITING) {
        this.#state[node] = READY;
        this.#stack[0] = node;
        this.#settle(1);
      }
  }

  /** Runs node `index` of the front, and all on no pair that this makes ready. */
  run(index: number): void {
    const node = this.front[index]!;
    this.front[index] = this.front[--this.frontSize]!;
    this.#settle(this.#finish(node, 0));
  }

  #settle(stackSize: number): void {
    const { kind } = this.#dag;
    let size = stackSize;
    while (size > 0) {
      const node = this.#stack[--size]!;
      if (kind[node] === NODE.pair || kind[node] === NODE.branch) this.front[this.frontSize++] = node;
      else size = this.#finish(node, size);
    }
  }

  /** Takes a node as done and puts what becomes ready on the stack. */
  #finish(node: number, stackSize: number): number {
    const { wireStart, wires, groups, firstGroup, memberStart, members } = this.#order;
    let size = stackSize;
    this.#state[node] = DONE;
    this.#onRun(node);
    for (let i = wireStart[node]!; i < wireStart[node + 1]!; i++) {
      const group = groups[i]!;
      this.#remaining[group] = this.#remaining[group]! - 1;
      if (this.#remaining[group] !== 0 || group + 1 >= firstGroup[wires[i]! + 1]!) continue;
      for (let m = memberStart[group + 1]!; m < memberStart[group + 2]!; m++) {
        const next = members[m]!;
        this.#waiting[next] = this.#waiting[next]! - 1;
        if (this.#waiting[next] === 0) {
          this.#state[next] = READY;
          this.#stack[size++] = next;
        }
      }
    }
    return size;
  }

  /** Finds the next `horizon` pairs that are not ready, by the step at which they could first run: each step counts less. */
  lookAhead(weight: number, falloff: number, horizon: number): void {
    const { schedule, level } = this.#order;
    while (this.#scheduled < schedule.length && this.#state[schedule[this.#scheduled]!] === DONE) this.#scheduled++;
    this.aheadSize = 0;
    if (this.#scheduled >= schedule.length) return;
    const base = level[schedule[this.#scheduled]!]!;
    for (let i = this.#scheduled; i < schedule.length && this.aheadSize < horizon; i++) {
      const node = schedule[i]!;
      if (this.#state[node] !== WAITING) continue;
      this.aheadWeight[this.aheadSize] = weight * falloff ** Math.max(0, level[node]! - base - 1);
      this.ahead[this.aheadSize++] = node;
    }
  }
}
