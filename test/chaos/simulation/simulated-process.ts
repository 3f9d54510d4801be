import { AsyncLocalStorage } from "node:async_hooks";
import type { WireRequest } from "../../../providers/ibm/wire.ts";
import { type CrashPoint, onCrashPoint } from "../../../src/runs/crash-points.ts";
import type { Appended, Lease, Owner, RunStore } from "../../../src/runs/index.ts";
import type { InProcessProgram, ProcessOptions } from "../../support/in-process-emulator.ts";
import type { Driven, Problem } from "./problems.ts";
import { Killed, type Moment, type RequestLine, requestName } from "./scene.ts";
import type { World } from "./world.ts";

/** How a process came to its end. */
export type ProcessEnd =
  | { readonly kind: "done"; readonly bits: string }
  | { readonly kind: "stopped" }
  | { readonly kind: "killed" }
  /** `opening`: before the run was asked for. */
  | { readonly kind: "failed"; readonly error: unknown; readonly opening: boolean };

const current = new AsyncLocalStorage<SimulatedProcess>();

/** A process that drives the run: it has its own clock, provider and view of the store, and can be killed or stopped. */
export class SimulatedProcess {
  readonly name: string;
  readonly world: World;
  readonly program: InProcessProgram;
  readonly store: RunStore;
  /** Resolves when it is stopped, as by SIGSTOP. */
  readonly frozen = Promise.withResolvers<void>();
  /** It has the run, as far as it knows. */
  lease: Lease | undefined;
  driven: Driven | undefined;
  /** The service has asked it not to submit before. */
  blockedUntil = 0;
  ended = false;
  #owner: Owner | undefined;
  readonly #killed = Promise.withResolvers<ProcessEnd>();
  readonly #abort = new AbortController();

  constructor(world: World, name: string, options: ProcessOptions) {
    this.world = world;
    this.name = name;
    this.program = world.emulator.process(options);
    this.program.onRequest = (request, stage) => this.#request(request, stage);
    this.program.onAnswer = (request, response) => {
      const line = lineOf(request);
      const moment: Moment = {
        on: "answer",
        name: requestName(line),
        line,
        body: response.status === 200 ? response.body.toString("utf8") : "",
      };
      const before = moment.body;
      if (this.world.setting.service.reverseTags && moment.name === "list") moment.body = withTagsReversed(moment.body);
      // Others are told by the service themselves.
      if (moment.name === "submit" && response.status === 429)
        this.blockedUntil = this.world.now() + 1000 * Number(response.header("retry-after") ?? 0);
      this.#reach(moment);
      return moment.body === before ? response : { ...response, body: Buffer.from(moment.body) };
    };
    this.store = this.#ownStore(world.store);
  }

  get alive(): boolean {
    return !this.program.killed && !this.ended;
  }

  /** Starts the program: it opens the backend and makes the documented call. */
  run(problem: Problem): Promise<ProcessEnd> {
    const end = current.run(this, () => this.#drive(problem));
    return Promise.race([end, this.#killed.promise]).then((how) => {
      this.ended = true;
      return how;
    });
  }

  /** As by SIGKILL; whoever looks on the same machine then sees that the process is gone. */
  kill(why: string): void {
    if (this.program.killed) return;
    this.world.note(`${this.name} killed: ${why}`);
    this.world.kills++;
    this.program.kill();
    if (this.#owner !== undefined && this.world.chance.of(0.5)) forget(this.#owner);
    this.#killed.resolve({ kind: "killed" });
  }

  freeze(): void {
    if (!this.alive || this.program.stopped) return;
    this.world.note(`${this.name} stopped`);
    this.program.stop();
    this.frozen.resolve();
  }

  thaw(): void {
    if (!this.program.stopped) return;
    this.world.note(`${this.name} goes on`);
    this.program.go();
  }

  abort(): void {
    this.#abort.abort(new Error("aborted by its user"));
  }

  async #drive(problem: Problem): Promise<ProcessEnd> {
    let opening = true;
    try {
      const provider = await this.world.openBackend(this.program);
      opening = false;
      const { id, keeping } = this.world;
      this.driven = problem.start({
        ...keeping,
        ...{ id, provider, store: this.store, clock: this.program.clock, signal: this.#abort.signal },
      });
      const { stopped, bits } = await this.driven.outcome;
      return stopped ? { kind: "stopped" } : { kind: "done", bits };
    } catch (error) {
      return { kind: "failed", error, opening };
    }
  }

  #request(request: WireRequest, stage: "sending" | "answered"): void {
    const line = lineOf(request);
    const name = requestName(line);
    if (stage === "sending") this.world.sent(this, name);
    this.world.note(`${this.name} ${stage} ${line.method} ${line.path}`);
    this.#reach({ on: stage, name, line });
  }

  #reach(moment: Moment): void {
    this.world.reach(moment, this);
  }

  /** @internal A crash point that this process has come to. */
  passes(point: CrashPoint): void {
    if (this.program.killed) throw new Killed();
    this.#reach({ on: "point", name: point });
    if (this.program.killed) throw new Killed();
  }

  /** The store as this process sees it. */
  #ownStore(store: RunStore): RunStore {
    const call =
      (target: RunStore, name: string, member: (...args: never[]) => Promise<unknown>) =>
      (...args: never[]): Promise<unknown> =>
        this.program.delivered(this.#call(target, name, member, args));
    return new Proxy(store, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name);
        return typeof member === "function" && typeof name === "string"
          ? call(target, name, member as (...args: never[]) => Promise<unknown>)
          : member;
      },
    });
  }

  async #call(
    target: RunStore,
    name: string,
    member: (...args: never[]) => Promise<unknown>,
    args: readonly never[],
  ): Promise<unknown> {
    if (this.program.killed) return undefined;
    this.#reach({ on: "before", name });
    if (this.program.killed) return undefined;
    const [, owner] = args as readonly unknown[];
    const done = await Reflect.apply(member, target, args);
    if (name === "claim") {
      this.#owner = owner as Owner;
      this.world.claimed(this, done as Lease);
    }
    if (name !== "renew" && name !== "now") this.world.note(`${this.name} ${name}${written(done)}`);
    if (name === "append") await this.world.appended();
    if (!this.program.killed) this.#reach({ on: "after", name });
    return done;
  }
}

/** From here on every crash point is that of the process which comes to it. */
export function watchCrashPoints(): void {
  onCrashPoint((point) => current.getStore()?.passes(point));
}

function lineOf({ method, url }: WireRequest): RequestLine {
  return { method, path: new URL(url).pathname.replace(/^\/api\/v1/, "") };
}

/** Makes the owner of a lease one of this machine's processes that are no more. */
function forget(owner: { process?: string }): void {
  if (owner.process !== undefined) owner.process = owner.process.replace(/\d+$/, "0");
}

function withTagsReversed(body: string): string {
  return body.replace(/"tags":\[([^\]]*)\]/g, (_, tags: string) => `"tags":[${tags.split(",").reverse().join(",")}]`);
}

/** The events of an append, in short. */
function written(done: unknown): string {
  const { records, outcome } = (done ?? {}) as Partial<Extract<Appended, { outcome: "written" }>>;
  if (records === undefined) return outcome === undefined ? "" : `: ${String(outcome)}`;
  return records.map(({ event }) => ` ${JSON.stringify(event).slice(0, 300)}`).join("");
}
