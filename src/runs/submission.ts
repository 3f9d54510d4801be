import {
  type EstimatorPub,
  type EstimatorPubResult,
  type Job,
  ProviderError,
  type RemoteBackend,
  type RemoteEstimator,
  type SubmitIntent,
  type SubmitLimit,
} from "../../providers/index.ts";
import { BudgetError, RunError } from "../errors.ts";
import { type Amount, type BudgetScope, NO_AMOUNT, type ScopeTotals } from "./budget.ts";
import { isDaily, scopeText } from "./budget-scopes.ts";
import { amountText } from "./budget-text.ts";
import { reached } from "./crash-points.ts";
import type { JobPlace, RefusedEvent } from "./events.ts";
import { disown } from "./orphan-jobs.ts";
import type { CalibrationWatch } from "./recalibration.ts";
import type { KeptRecord, RunJournal } from "./run-journal.ts";
import { settleIdleRuns } from "./settle-idle.ts";
import { runTag } from "./submit-key.ts";
import { FIRST_WAIT_MS, LONGEST_WAIT_MS, longerWait } from "./waits.ts";

/** For hours. */
const DISOWN_TRIES = 40;
/** Waits for reservations of other runs to be settled. */
const SETTLE_WAIT_MS = 2_000;

export interface SendOptions {
  readonly tags: readonly string[] | undefined;
  readonly signal: AbortSignal | undefined;
  /** What is sent; the same each time. */
  readonly record: () => KeptRecord;
}

export interface SubmissionParties {
  readonly remote: RemoteBackend;
  readonly estimator: RemoteEstimator;
  readonly calibrations: CalibrationWatch;
}

/** Brings one job to the service, once, however often it has to be asked. */
export class Submission {
  readonly #remote: RemoteBackend;
  readonly #estimator: RemoteEstimator;
  readonly #calibrations: CalibrationWatch;
  readonly #journal: RunJournal;
  readonly #key: string;
  readonly #place: JobPlace;
  /** The part whose submit was sent last, until it is known what became of it. */
  #sent: string | undefined;
  /** When the device was calibrated, as the service said before. */
  #calibratedAt: string | undefined;
  /** Of something that was sent the service has said nothing yet. */
  #unheard = false;

  constructor(
    { remote, estimator, calibrations }: SubmissionParties,
    journal: RunJournal,
    key: string,
    place: JobPlace,
  ) {
    this.#remote = remote;
    this.#estimator = estimator;
    this.#calibrations = calibrations;
    this.#journal = journal;
    this.#key = key;
    this.#place = place;
  }

  /**
   * Submits, or takes over what an earlier submit of the key has left at the service. Troubles that pass are waited for.
   * @throws what waiting does not cure
   */
  async send(pubs: readonly EstimatorPub[], options: SendOptions): Promise<Job<EstimatorPubResult>> {
    const { signal, tags = [] } = options;
    const journal = this.#journal;
    for (let wait = FIRST_WAIT_MS; ; wait = longerWait(wait)) {
      signal?.throwIfAborted();
      try {
        await this.#untilOperational(signal);
        const { calibration } = options.record();
        this.#calibratedAt = await this.#calibrations.beforeJob(this.#key, this.#place, calibration, signal);
        const earlier = journal.state.jobs.get(this.#key)?.submits ?? [];
        return await this.#estimator.run(pubs, {
          ...(signal === undefined ? {} : { signal }),
          // A service takes few tags, of which the run needs two and the key one.
          tags: ["lepton", runTag(journal.id), ...tags].slice(0, 4),
          submitKey: this.#key,
          earlier,
          beforeSubmit: (intent) => this.#intend(intent, pubs, options),
          onReconciling: (words) => {
            this.#sent = undefined;
            // What the ledger cannot take now it is asked to take again before anything is sent.
            this.#doubt(words).catch(() => {});
          },
          onSubmitted: async (jobId, submission) => {
            this.#sent = undefined;
            reached("k5");
            const { key = this.#key, adopted = false, surplus = [] } = submission ?? {};
            try {
              await journal.append({
                activity: `Job ${jobId} is at ${this.#remote.name}.`,
                // What surplus jobs were charged is counted by the next sweep.
                events: [{ type: "submitted", key: this.#key, partKey: key, jobId, adopted, surplus }],
              });
            } catch (error) {
              this.#unheard = false;
              if (isFenced(error)) await this.#disown(jobId);
              throw error;
            }
            this.#unheard = false;
            reached("k6");
          },
        });
      } catch (error) {
        if (this.#unheard && (isFenced(error) || isFenced(signal?.reason))) await this.#disown();
        signal?.throwIfAborted();
        const passes = error instanceof ProviderError && error.retryable;
        if (this.#sent !== undefined && isRefusal(error)) await this.#refused(this.#sent, error.message, !passes);
        // Of what else goes wrong nobody knows whether a job was made; it is sent again where the service knows it by its key.
        this.#sent = undefined;
        if (!passes) throw error;
        const told = (error as { readonly retryAfterSeconds?: number }).retryAfterSeconds;
        await journal.wait(`Not submitted yet: ${error.message}`, Math.max(wait, 1000 * (told ?? 0)), signal);
      }
    }
  }

  /** A backend that is paused or in maintenance is waited for; another one is not taken instead. */
  async #untilOperational(signal: AbortSignal | undefined): Promise<void> {
    for (let wait = FIRST_WAIT_MS; ; wait = longerWait(wait)) {
      const { operational, message } = await this.#remote.status();
      if (operational) return;
      const words = `${this.#remote.name} takes no jobs now${message === "" ? "" : ` (${message})`}.`;
      if (wait < LONGEST_WAIT_MS) await this.#journal.wait(words, wait, signal);
      else await this.#journal.parkFor(words, 3 * wait, signal);
    }
  }

  /** Written down, and paid for from the budget, before anything is sent. */
  async #intend(
    intent: SubmitIntent,
    pubs: readonly EstimatorPub[],
    { signal, record }: SendOptions,
  ): Promise<SubmitLimit | undefined> {
    const { key, part, parts, bodyHash, split, quantumSeconds, executions, capSeconds } = intent;
    const journal = this.#journal;
    const asked = journal.clock.now();
    const { account, submitsPerMinute, name } = this.#remote;
    const whole = await this.#whole(intent, pubs);
    // A client that sends a submit again without a search does so because it was refused.
    const refused = this.#sent === key;
    const slot = `${key} ${journal.state.seq}`;
    let limit = capSeconds;
    const { blob, hash, calibration } = record();
    const sent = {
      record: hash,
      ...(calibration === undefined ? {} : { calibration }),
      ...(this.#calibratedAt === undefined ? {} : { calibratedAt: this.#calibratedAt }),
      ...(split === undefined ? {} : { split }),
    };
    reached("k0");
    for (let wait = SETTLE_WAIT_MS; ; ) {
      signal?.throwIfAborted();
      const done = await journal.append({
        reserve: {
          key: this.#key,
          scopes: journal.scopes(await journal.store.now()),
          ...whole,
          jobs: parts,
          perSecond: journal.perSecond,
        },
        ...(submitsPerMinute === undefined ? {} : { submit: { account, perMinute: submitsPerMinute, key: slot } }),
        activity: `Submitting a job to ${name}.`,
        blobs: [blob],
        events: (reserved: Amount) => {
          reached("k1");
          // What is there beyond the need is shared among the parts.
          const share = Math.floor((reserved.quantumSeconds - whole.needSeconds) / parts);
          limit = Math.min(capSeconds, Math.ceil(quantumSeconds) + Math.max(0, share));
          const place = this.#place;
          const plan = { executions, quantumSeconds };
          const names = { key: this.#key, partKey: key, part, parts, backend: name };
          // It may have waited for its turn or for another day, and is sent only now.
          const serviceTime = intent.serviceTime + Math.round(journal.clock.now() - asked);
          return [
            ...(refused ? [refusal(this.#key, key, "there were too many, or the service was not ready")] : []),
            { type: "intent", ...names, place, bodyHash, serviceTime, reserved, ...plan, ...sent },
          ];
        },
      });
      if (done.outcome === "written") {
        this.#sent = key;
        this.#unheard = true;
        reached("k2");
        return { maxQuantumSeconds: limit };
      }
      if (done.outcome === "later") {
        const words = `The account may submit ${submitsPerMinute} jobs a minute; this one waits for its turn.`;
        await journal.wait(words, Math.max(250, done.at - (await journal.store.now())), signal);
      } else if (done.maySettle) {
        const words = `Jobs that are out hold the rest of the budget of ${scopeText(done.denied)}; waiting for them to be settled.`;
        // Its own may be among them, and such as nobody else asks for: their charges may be final by now.
        await journal.settleOpen();
        await settleIdleRuns(this.#remote, journal);
        if (wait < LONGEST_WAIT_MS) await journal.wait(words, wait, signal);
        else await journal.parkFor(words, wait, signal);
        wait = longerWait(wait);
      } else if (isDaily(done.denied)) {
        const now = await journal.store.now();
        const words = `The budget of ${scopeText(done.denied)} is used up; the next day has its own.`;
        await journal.parkFor(words, journal.dayEnd(now) - now, signal);
      } else throw usedUp(journal.id, whole.needSeconds, done.denied, done.totals);
    }
  }

  /** What all parts of the job together need at least, in whole seconds each, and take at most. */
  async #whole(
    { parts, quantumSeconds, capSeconds }: SubmitIntent,
    pubs: readonly EstimatorPub[],
  ): Promise<{ readonly needSeconds: number; readonly capSeconds: number }> {
    if (parts === 1) return { needSeconds: Math.min(Math.ceil(quantumSeconds), capSeconds), capSeconds };
    const plan = await this.#estimator.plan(pubs);
    const needSeconds = Math.ceil(plan.quantumSeconds) + parts - 1;
    return { needSeconds, capSeconds: Math.max(needSeconds, parts * capSeconds) };
  }

  /** @param final nothing else is tried: what was set aside is given back */
  async #refused(partKey: string, words: string, final: boolean): Promise<void> {
    this.#sent = undefined;
    this.#unheard = false;
    const isAll = (this.#journal.state.jobs.get(this.#key)?.submits ?? []).length <= 1;
    await this.#journal.append({
      events: [refusal(this.#key, partKey, words)],
      ...(final && isAll ? { settle: [{ key: this.#key, scopes: [], amount: NO_AMOUNT }] } : {}),
    });
  }

  /** The run is somebody else's now. Nobody else may know of what was sent, so a service or ledger that fails is waited for. */
  async #disown(heard?: string): Promise<void> {
    for (let tries = 1, wait = FIRST_WAIT_MS; ; tries++, wait = longerWait(wait))
      try {
        return await disown(this.#remote, this.#journal, this.#key, heard);
      } catch (error) {
        const passes = error instanceof RunError || (error instanceof ProviderError && error.retryable);
        // What the run failed with says more than this.
        if (!passes || tries === DISOWN_TRIES) return;
        await this.#journal.clock.sleep(wait);
      }
  }

  async #doubt(words: string): Promise<void> {
    const activity = /^reconcil/i.test(words) ? words : `Reconciling: ${words}`;
    this.#journal.activity(activity);
    await this.#journal.append({
      activity,
      events: [{ type: "unknown", key: this.#key, words }],
    });
  }
}

function refusal(key: string, partKey: string, words: string): RefusedEvent {
  return { type: "refused", key, partKey, words };
}

/** The service said no, so what was sent made no job. */
function isRefusal(error: unknown): error is ProviderError {
  return error instanceof ProviderError && (error as { readonly outcome?: unknown }).outcome === "rejected";
}

/** Somebody else drives the run. */
function isFenced(error: unknown): boolean {
  return error instanceof RunError && error.code === "RUN_FENCED";
}

function usedUp(
  runId: string,
  needSeconds: number,
  scope: BudgetScope,
  { settled, reserved }: ScopeTotals,
): BudgetError {
  return new BudgetError(
    "BUDGET_USED_UP",
    `The next job of run ${runId} needs ${needSeconds} s of the quantum computer, more than is left in the budget of ${scopeText(scope)}: of ${amountText(scope.limits)}, ${amountText(settled)} are spent and ${amountText(reserved)} set aside. Nothing was submitted and nothing is lost: raise the budget and resume the run.`,
  );
}
