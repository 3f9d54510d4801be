import { RunError } from "../errors.ts";
import {
  type Append,
  type Appended,
  changesOf,
  type DescribedEvent,
  differingParts,
  digestOf,
  type EpochEvent,
  type FinishedEvent,
  hashOf,
  type Lease,
  memoryStore,
  NO_AMOUNT,
  packState,
  type RunBundle,
  type RunEvent,
  type RunRecord,
  type RunStore,
  type StepEvent,
  unpackState,
} from "../runs/index.ts";

/** What a run commits, each of which a replay comes to anew. */
type Commit = StepEvent | EpochEvent | FinishedEvent;

/** Which job stood where, and what became of it. */
const OF_JOBS = ["intent", "result", "rejected"];

/**
 * The ledger of a replay, in memory: it has the run's jobs with their values but not its steps, and compares each step that is
 * written with the one that was recorded. Nothing can be submitted, since no intent can be written down.
 */
export class ReplayStore {
  /** To be given to `train` or `minimize`. */
  readonly store: RunStore;
  /** Why it is not the same; whoever drove the replay may have hidden it. */
  failure: RunError | undefined;
  /** The run had come no further, so that the replay was ended, too. */
  cutOff = false;
  /** The driver has shown what it does. */
  begun = false;
  /** Steps that were the same, and jobs whose values were taken from the record. */
  steps = 0;
  jobs = 0;
  /** As the last commit has written it. */
  snapshot: Uint8Array | undefined;
  result: Uint8Array | undefined;
  readonly #bundle: RunBundle;
  readonly #inner: RunStore;
  readonly #described: DescribedEvent;
  readonly #commits: readonly Commit[];
  readonly #results: ReadonlySet<string>;
  /** After how many commits the run was stopped; less those places at which the replay has gone on. */
  readonly #stops: Set<number>;
  readonly #onStep: ((step: number) => void) | undefined;
  #next = 0;

  /** @throws RunError REPLAY_NOTHING */
  static async open(bundle: RunBundle, onStep?: (step: number) => void): Promise<ReplayStore> {
    const { run, records } = bundle;
    const at = records.findLastIndex(({ event }) => event.type === "described");
    if (at < 0 || !records.slice(at).some(({ event }) => isCommit(event)))
      throw new RunError("REPLAY_NOTHING", `Run ${run.id} has done no step, so there is nothing to replay.`);
    const inner = memoryStore();
    // A forked run begins with the steps of another one.
    const before = records.slice(0, at).filter(({ event }) => event.type === "created" || isCommit(event));
    await inner.create({ id: run.id, events: [...before.map(({ event }) => event), ...jobEvents(records)] });
    return new ReplayStore(bundle, inner, records.slice(at), onStep);
  }

  private constructor(
    bundle: RunBundle,
    inner: RunStore,
    records: readonly RunRecord[],
    onStep: ((step: number) => void) | undefined,
  ) {
    this.#bundle = bundle;
    this.#inner = inner;
    this.#described = records[0]!.event as DescribedEvent;
    const commits: Commit[] = [];
    const stops = new Set<number>();
    for (const { event } of records)
      if (isCommit(event)) commits.push(event);
      else if (event.type === "stopped") stops.add(commits.length);
    this.#commits = commits;
    this.#stops = stops;
    this.#onStep = onStep;
    this.#results = new Set(bundle.records.flatMap(({ event }) => (event.type === "result" ? [event.result] : [])));
    const own = {
      append: (lease: Lease, append: Append) => this.#append(lease, append),
      blob: (hash: string) => this.#blob(hash),
    };
    this.store = new Proxy(inner, {
      get(target, name) {
        if (Object.hasOwn(own, name)) return own[name as keyof typeof own];
        const member: unknown = Reflect.get(target, name);
        return typeof member === "function" ? member.bind(target) : member;
      },
    });
  }

  get #isOver(): boolean {
    return this.#next === this.#commits.length;
  }

  /** How many steps there are to be compared. */
  get total(): number {
    return this.#commits.filter(({ type }) => type === "step").length;
  }

  /** The replay has stopped where the run had, such as by a callback, and is to be resumed as that was. Once at each place. */
  async isToGoOn(): Promise<boolean> {
    if (this.#isOver || (await this.#inner.run(this.#bundle.run.id))?.status !== "stopped") return false;
    return this.#stops.delete(this.#next);
  }

  /** The replay ended by itself, whether well or not. @throws RunError REPLAY_DIFFERS where something is missing */
  checkEnd(): void {
    const next = this.#commits[this.#next];
    if (next === undefined) return;
    throw this.#differs(`it ended ${this.#place()}, and the run went on to ${commitWords(next)}`);
  }

  /** That the replay did something at this place that the run did not. */
  asksForOthers(cause: unknown): RunError {
    const what = "it asks for values that the run did not send, though everything was the same so far";
    return this.#differs(`${this.#place()} ${what}`, cause);
  }

  failed(cause: unknown): RunError {
    const { message = String(cause) } = (cause ?? {}) as Partial<Error>;
    return this.#differs(`it failed ${this.#place()}, which the run did not: ${message}`, cause);
  }

  async #blob(hash: string): Promise<Uint8Array> {
    if (this.#results.has(hash)) this.jobs++;
    const kept = this.snapshot !== undefined && hashOf(this.snapshot) === hash ? this.snapshot : undefined;
    return (kept ?? this.#bundle.blobs.get(hash))?.slice() ?? this.#inner.blob(hash);
  }

  async #append(lease: Lease, { events: given, blobs = [] }: Append): Promise<Appended> {
    if (this.failure !== undefined) throw this.failure;
    try {
      const events = typeof given === "function" ? given(NO_AMOUNT) : given;
      const done = await this.#inner.append(lease, { events: events.map((event) => this.#compared(event, blobs)) });
      if (!this.#isOver || this.#commits.at(-1)!.type === "finished") return done;
    } catch (error) {
      if (error instanceof RunError) this.failure = error;
      throw error;
    }
    // What the run would have done next is not on record.
    this.cutOff = true;
    throw new RunError("RUN_SUSPENDED", "The replay has come to the end of the record.");
  }

  #compared(event: RunEvent, blobs: readonly Uint8Array[]): RunEvent {
    if (event.type === "described") return this.#compareSettings(event);
    if (event.type === "intent")
      throw new RunError(
        "REPLAY_MISSING",
        `The record of run ${this.#bundle.run.id} has no values for job ${event.place.index + 1} of ${event.place.phase}, and a replay submits nothing.`,
      );
    if (isCommit(event) && !this.#isOver) this.#compareCommit(event, blobs);
    return event;
  }

  /** The state before the first step is the recorded one: first weights may have been drawn without a seed. */
  #compareSettings(event: DescribedEvent): DescribedEvent {
    this.begun = true;
    const { description, snapshot } = this.#described;
    const { kind } = event.description;
    const { id } = this.#bundle.run;
    const changes =
      kind === description.kind
        ? changesOf(description, event.description)
        : [`that was a run of ${description.kind}, and this is one of ${kind}`];
    if (changes.length > 0)
      throw new RunError(
        "REPLAY_CHANGED",
        `What is to be replayed is not what run ${id} did: ${changes.join("; ")}. Give what the run was given${versionWords(this.#bundle)}.`,
      );
    return { ...event, ...(snapshot === undefined ? {} : { snapshot }) };
  }

  #compareCommit(event: Commit, blobs: readonly Uint8Array[]): void {
    const expected = this.#commits[this.#next]!;
    if (commitWords(event) !== commitWords(expected))
      throw this.#differs(`it came to ${commitWords(event)}, and the run to ${commitWords(expected)}`);
    const blobOf = (hash: string | undefined) => blobs.find((bytes) => hashOf(bytes) === hash);
    const differing = [
      ...this.#stateDifferences(event, expected, blobOf(event.snapshot)),
      ...("report" in event && "report" in expected ? reportDifferences(event.report, expected.report) : []),
      ...(event.type === "finished" ? this.#resultDifferences(blobOf(event.result)!, expected as FinishedEvent) : []),
    ];
    if (differing.length > 0)
      throw this.#differs(`the first difference is in ${commitWords(event)}: ${differing.join(", ")}`);
    this.snapshot = blobOf(event.snapshot) ?? this.snapshot;
    if (event.type === "finished") this.result = blobOf(event.result);
    this.#next++;
    if (event.type !== "step") return;
    this.steps++;
    this.#onStep?.(event.step);
  }

  #stateDifferences(event: Commit, expected: Commit, blob: Uint8Array | undefined): readonly string[] {
    if (event.snapshot === expected.snapshot) return [];
    const before = expected.snapshot === undefined ? undefined : this.#bundle.snapshots.get(expected.snapshot);
    if (before === undefined || blob === undefined) return ["the state"];
    const parts = differingParts(before, digestOf(blob));
    return parts.length === 0 ? ["the state"] : parts;
  }

  #resultDifferences(blob: Uint8Array, { result }: FinishedEvent): readonly string[] {
    const recorded = this.#bundle.blobs.get(result);
    if (recorded === undefined) return ["the result, which is not in the bundle"];
    const [a, b] = [recorded, blob].map((bytes) => digestOf(packState(without(TIMES_AND_CHARGES, unpackState(bytes)))));
    return differingParts(a!, b!).map((part) => `result.${part}`);
  }

  #place(): string {
    const last = this.#commits[this.#next - 1];
    return last === undefined ? "before its first step" : `after ${commitWords(last)}`;
  }

  #differs(what: string, cause?: unknown): RunError {
    const error = new RunError(
      "REPLAY_DIFFERS",
      `The replay of run ${this.#bundle.run.id} is not what the run did: ${what}. Circuits, data or code have changed where its settings do not show it, something draws numbers without a seed, or other versions compute them${versionWords(this.#bundle)}.`,
      { cause },
    );
    this.failure ??= error;
    return error;
  }
}

function isCommit(event: RunEvent): event is Commit {
  return event.type === "step" || event.type === "epoch" || event.type === "finished";
}

/** What was charged later on is none of the steps' concern, and nobody is asked for it again. */
function jobEvents(records: readonly RunRecord[]): readonly RunEvent[] {
  const intended = new Set<string>();
  return records
    .filter(({ event }) => OF_JOBS.includes(event.type))
    .filter(({ event }) => {
      // A submit that was repeated is no doubt to be cleared up here.
      if (event.type !== "intent") return true;
      const isFirst = !intended.has(event.partKey);
      intended.add(event.partKey);
      return isFirst;
    })
    .map(({ event }) => ("final" in event ? { ...event, final: true } : event));
}

function commitWords(commit: Commit): string {
  if (commit.type === "finished") return "its end";
  return commit.type === "step" ? `step ${commit.step}` : `the end of epoch ${commit.epoch}`;
}

function versionWords({ records }: RunBundle): string {
  const created = records.find(({ event }) => event.type === "created")?.event;
  const versions = created?.type === "created" ? Object.entries(created.versions) : [];
  const described = records.findLast(({ event }) => event.type === "described")?.event;
  if (described?.type === "described") versions.push(...Object.entries(described.description.versions ?? {}));
  return versions.length === 0 ? "" : ` (it was recorded with ${versions.map((pair) => pair.join(" ")).join(", ")})`;
}

/** Names of the fields of a report that differ, but for how long it took. */
function reportDifferences(report: unknown, recorded: unknown): readonly string[] {
  const [a, b] = [recorded, report].map((value) => without(TIMES, value));
  if (JSON.stringify(a) === JSON.stringify(b)) return [];
  return differingParts(digestOf(packState({ report: a })), digestOf(packState({ report: b })));
}

const TIMES = ["seconds"];
/** A charge may have been settled after the last step. */
const TIMES_AND_CHARGES = [...TIMES, "quantumSeconds"];

function without(names: readonly string[], value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => without(names, item));
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => !names.includes(name))
      .map(([name, item]) => [name, without(names, item)]),
  );
}
