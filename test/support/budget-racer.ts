import { Rng } from "../../circuits/index.ts";
import type { Amount, BudgetScope, Lease, RunStore } from "../../src/runs/index.ts";
import { exact } from "../../src/runs/index.ts";

export interface RaceCourse {
  readonly scopes: readonly BudgetScope[];
  readonly perSecond: number;
  /** Reservations asked for. */
  readonly sequences: number;
  readonly seed: string;
}

/** What became of a racer's reservations. */
export interface RaceReport {
  readonly accepted: number;
  readonly denied: number;
  /** The last charge of each key, with the scopes that it counts in. */
  readonly charges: readonly { readonly scopes: readonly string[]; readonly amount: Amount }[];
  /** What was not as it has to be. */
  readonly faults: readonly string[];
}

interface Open {
  readonly key: string;
  readonly scopes: readonly BudgetScope[];
  readonly need: number;
  readonly cap: number;
  readonly jobs: number;
  readonly granted: Amount;
}

/** A driver of one run that reserves and settles at random, several jobs out at a time, charges at most what was granted. */
export async function race(store: RunStore, runId: string, course: RaceCourse): Promise<RaceReport> {
  const { perSecond, sequences, seed } = course;
  const rng = Rng.seed(seed);
  const whole = (below: number): number => Math.floor(rng.uniform() * below);
  const lease = await leaseOf(store, runId);
  const faults: string[] = [];
  const charges = new Map<string, { scopes: readonly string[]; amount: Amount }>();
  let out: Open[] = [];
  let accepted = 0;
  let denied = 0;
  const ask = async (wanted: Omit<Open, "granted">, settle: readonly Open[]): Promise<Amount | undefined> => {
    const { key, scopes, need, cap, jobs } = wanted;
    let granted: Amount | undefined;
    const done = await store.append(lease, {
      reserve: { key, scopes, needSeconds: need, capSeconds: cap, jobs, perSecond },
      settle: settle.map((job) => settlement(job)),
      events: (amount) => {
        granted = amount;
        return [{ type: "waiting", words: key }];
      },
    });
    if (done.outcome !== "written") return undefined;
    return granted;
  };
  const settlement = ({ key, scopes, granted }: Open) => {
    // What a first charge leaves free may be spent by others at once, so that a second one can only be less.
    const most = charges.get(key)?.amount ?? granted;
    const quantumSeconds = rng.uniform() < 0.2 ? most.quantumSeconds : exact(most.quantumSeconds * rng.uniform());
    const amount = { quantumSeconds, money: exact(quantumSeconds * perSecond), jobs: granted.jobs };
    const names = scopes.map(({ scope }) => scope);
    charges.set(key, { scopes: names, amount });
    return { key, scopes: names, amount };
  };
  const settleAlone = (jobs: readonly Open[]) =>
    store.append(lease, { settle: jobs.map((job) => settlement(job)), events: [] });

  for (let number = 0; number < sequences; number++) {
    const scopes = course.scopes.filter(() => rng.uniform() < 0.7);
    const need = rng.uniform() < 0.5 ? whole(4) : exact(4 * rng.uniform());
    const wanted = { key: `${runId}-${number}`, scopes, need, cap: need + whole(6), jobs: 1 + whole(2) };
    // Half of the time what came back is settled together with what goes out, as a loop of steps does.
    const back = rng.uniform() < 0.5 && out.length > 0 ? [out[whole(out.length)]!] : [];
    const granted = await ask(wanted, back);
    if (granted === undefined) {
      denied++;
      // Nothing of a denied append is written, so the settlement is still to come.
      for (const { key } of back) charges.delete(key);
    } else {
      accepted++;
      out = out.filter((job) => !back.includes(job));
      const { quantumSeconds, money, jobs } = granted;
      const within = quantumSeconds >= need && quantumSeconds <= Math.max(Math.ceil(need), Math.floor(wanted.cap));
      if (!within || !Number.isInteger(quantumSeconds)) faults.push(`${wanted.key} was granted ${quantumSeconds} s`);
      if (money !== exact(quantumSeconds * perSecond) || jobs !== wanted.jobs)
        faults.push(`${wanted.key} was granted ${JSON.stringify(granted)}`);
      out.push({ ...wanted, granted });
    }
    if (out.length > 0 && rng.uniform() < 0.1) {
      // As after a crash: the same key asks again, and nothing more is set aside.
      const job = out[whole(out.length)]!;
      const again = await ask({ ...job, need: 1e6, cap: 1e6 }, []);
      if (JSON.stringify(again) !== JSON.stringify(job.granted)) faults.push(`${job.key} was granted something else`);
    }
    if (out.length > 2 || (granted === undefined && out.length > 0)) {
      const job = out.splice(whole(out.length), 1)[0]!;
      await settleAlone([job]);
      // A charge that was not final is replaced by a smaller one.
      if (rng.uniform() < 0.2) await settleAlone([job]);
    }
  }
  await settleAlone(out);
  await store.release(lease);
  return { accepted, denied, charges: [...charges.values()], faults };
}

export async function leaseOf(store: RunStore, runId: string): Promise<Lease> {
  await store.create({ id: runId, events: [{ type: "created", versions: {} }] });
  const owner = { id: `${runId} ${process.pid}`, host: "here", pid: process.pid, processStart: 0 };
  return store.claim(runId, owner, 600);
}
