import { randomUUID } from "node:crypto";
import type { EmulatorClock, Timer } from "../clock.ts";
import { Refusal } from "../http/refusal.ts";
import type { StateLog } from "../state/state-file.ts";
import type { JobListener, JobQueue } from "./job-queue.ts";
import { isFinal, type JobRecord, type SessionRecord } from "./job-record.ts";

/** A dedicated session without any job is closed after so long. */
const IDLE_SECONDS = 1800;

export interface SessionsOptions {
  readonly clock: EmulatorClock;
  readonly log: StateLog;
  readonly queue: JobQueue;
  /** Most seconds from the first job to the end. */
  readonly maxSeconds: number;
  /** Seconds without a job after which an active session becomes inactive. */
  readonly interactiveSeconds: number;
}

/**
 * Sessions and batches. One is open until its first job runs, active while jobs come, inactive after a pause (a new job
 * revives it), and closed at its time limit, when it is asked to, or when nobody uses it.
 */
export class Sessions implements JobListener {
  readonly #options: SessionsOptions;
  readonly #sessions = new Map<string, SessionRecord>();
  /** The one timer of each session that a job sets again. */
  readonly #pauses = new Map<string, Timer>();

  constructor(options: SessionsOptions) {
    this.#options = options;
    options.queue.listen(this, (id) => {
      const session = this.#sessions.get(id);
      return session?.mode === "dedicated" && session.state === "active";
    });
    for (const session of options.log.saved.sessions) {
      this.#sessions.set(session.id, session);
      if (session.state === "closed") continue;
      if (session.activated !== undefined) this.#limit(session);
      this.#pause(session);
    }
  }

  /** In order of creation. */
  get sessions(): readonly SessionRecord[] {
    return [...this.#sessions.values()];
  }

  find(id: string): SessionRecord | undefined {
    return this.#sessions.get(id);
  }

  create(backend: string, mode: "dedicated" | "batch", maxSeconds: number | undefined): SessionRecord {
    const { clock, maxSeconds: most, interactiveSeconds } = this.#options;
    const session: SessionRecord = {
      id: randomUUID(),
      backend,
      mode,
      maxSeconds: Math.min(most, maxSeconds ?? most),
      interactiveSeconds,
      created: clock.now(),
      state: "open",
      stateReason: undefined,
      acceptingJobs: true,
      activated: undefined,
      closed: undefined,
      lastJobStarted: undefined,
      lastJobCompleted: undefined,
      timestamps: [{ status: "open", timestamp: clock.now() }],
    };
    this.#sessions.set(session.id, session);
    this.#save(session);
    this.#pause(session);
    return session;
  }

  /** @throws Refusal 404 or 1217 where a job cannot join the session */
  assertAccepting(id: string, backend: string): void {
    const session = this.#sessions.get(id);
    if (session === undefined) throw new Refusal(404, 1218, `Session ${id} not found.`, "Open a session first.");
    if (session.state === "closed" || !session.acceptingJobs)
      throw new Refusal(400, 1217, `Session ${id} has been closed.`, "Open a new session and send the job again.");
    if (session.backend !== backend)
      throw new Refusal(400, 1219, `Session ${id} is for the backend ${session.backend}, not ${backend}.`);
  }

  /** Lets no new jobs in; closes once the queued ones have run. */
  stopAccepting(session: SessionRecord): void {
    if (session.state === "closed") return;
    session.acceptingJobs = false;
    this.#save(session);
    if (this.#pending(session.id).length === 0) this.#end(session, "session_closed_early");
  }

  startAccepting(session: SessionRecord): void {
    // What is closed stays closed.
    if (session.state === "closed") return;
    session.acceptingJobs = true;
    this.#save(session);
  }

  /** Closes at once: queued jobs will not run, running ones finish. */
  close(session: SessionRecord, reason = "session_closed"): void {
    this.#endQueued(session, "Cancelled", "The session was closed before the job could run.");
    this.#end(session, reason);
  }

  started(job: JobRecord): void {
    const session = job.sessionId === undefined ? undefined : this.#sessions.get(job.sessionId);
    if (session === undefined || session.state === "closed") return;
    this.#pauses.get(session.id)?.cancel();
    session.lastJobStarted = this.#options.clock.now();
    const first = session.activated === undefined;
    session.activated ??= session.lastJobStarted;
    if (session.state !== "active") this.#enter(session, "active");
    else this.#save(session);
    if (first) this.#limit(session);
  }

  ended(job: JobRecord): void {
    const session = job.sessionId === undefined ? undefined : this.#sessions.get(job.sessionId);
    if (session === undefined || session.state === "closed") return;
    session.lastJobCompleted = this.#options.clock.now();
    this.#save(session);
    if (this.#pending(session.id).length > 0) return;
    if (!session.acceptingJobs) this.#end(session, "session_closed_early");
    else this.#pause(session);
  }

  #pending(id: string): readonly JobRecord[] {
    return this.#options.queue.jobs.filter((job) => job.sessionId === id && !isFinal(job));
  }

  /** From the first job on the time limit runs. */
  #limit(session: SessionRecord): void {
    const left = session.maxSeconds - (this.#options.clock.now() - session.activated!) / 1000;
    this.#options.clock.schedule(Math.max(0, left), "deadline", () => {
      if (session.state === "closed") return;
      this.#endQueued(session, "Failed", "The session reached its maximum time before the job could run.");
      this.#end(session, "max_ttl_reached");
    });
  }

  /** Without a job it becomes inactive, and later it is closed. */
  #pause(session: SessionRecord): void {
    const { clock } = this.#options;
    this.#pauses.get(session.id)?.cancel();
    const wait = session.state === "active" ? session.interactiveSeconds : IDLE_SECONDS;
    const timer = clock.schedule(wait, "deadline", () => {
      if (session.state === "closed" || this.#pending(session.id).length > 0) return;
      if (session.state === "active") {
        this.#enter(session, "inactive");
        this.#pause(session);
      } else if (session.mode === "dedicated") this.#end(session, "session_idle");
    });
    this.#pauses.set(session.id, timer);
  }

  #endQueued(session: SessionRecord, status: "Cancelled" | "Failed", reason: string): void {
    for (const job of this.#pending(session.id))
      if (job.status === "Queued") this.#options.queue.cancel(job, reason, 4001, status);
  }

  #end(session: SessionRecord, reason: string): void {
    if (session.state === "closed") return;
    this.#pauses.get(session.id)?.cancel();
    session.acceptingJobs = false;
    session.closed = this.#options.clock.now();
    session.stateReason = reason;
    this.#enter(session, "closed");
  }

  #enter(session: SessionRecord, state: SessionRecord["state"]): void {
    session.state = state;
    session.timestamps = [...session.timestamps, { status: state, timestamp: this.#options.clock.now() }];
    this.#save(session);
  }

  #save(session: SessionRecord): void {
    this.#options.log.append({ type: "session", session });
  }
}
