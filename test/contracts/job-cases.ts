import assert from "node:assert/strict";
import type { Job, JobStatus, RunOptions } from "../../providers/index.ts";
import { type ContractCase, rejectsWithCode } from "./contract-case.ts";

/** Submits one small, valid PUB. */
type Submit<Result> = (options?: RunOptions) => Promise<Job<Result>>;

/** What the cases on jobs need. */
export interface JobCaseOptions<Result> {
  /** A way to submit to one fresh backend; called once a case. */
  readonly submitter: () => Promise<Submit<Result>>;
  /** The backend is in this process, so that nothing has begun when `run` resolves and a job can still be stopped. */
  readonly local: () => Promise<boolean>;
}

const STATUSES: readonly JobStatus[] = ["queued", "running", "done", "failed", "cancelled"];

/** Promises that jobs of Estimators and Samplers share. */
export function jobCases<Result>({ submitter, local }: JobCaseOptions<Result>): readonly ContractCase[] {
  const submit: Submit<Result> = async (options) => (await submitter())(options);
  /** A job that was asked to stop has stopped, or (elsewhere than in this process) had ended before. */
  const stopped = async (job: Job<Result>): Promise<void> => {
    const outcome = await job.result().then(
      () => "done",
      (error: unknown) => error,
    );
    if (outcome === "done") {
      assert.ok(!(await local()), "the job went on to its end");
      assert.equal(await job.status(), "done");
      return;
    }
    await rejectsWithCode(() => job.result(), "JOB_CANCELLED", new RegExp(escaped(job.id)));
    assert.equal((outcome as { jobId?: string }).jobId, job.id, "the error names its job");
    assert.equal(await job.status(), "cancelled");
  };
  return [
    {
      name: "a result can be asked for again and is the same",
      async run() {
        const job = await submit();
        const [first, together] = await Promise.all([job.result(), job.result()]);
        assert.deepEqual(together, first);
        assert.deepEqual(await job.result(), first);
      },
    },
    {
      name: "a job's status is one of five, and done once there is a result",
      async run() {
        const job = await submit();
        const before = await job.status();
        assert.ok(STATUSES.includes(before), `status is ${before}`);
        if (await local()) assert.ok(before === "queued" || before === "running", `status is ${before} at once`);
        await job.result();
        assert.equal(await job.status(), "done");
      },
    },
    {
      name: "onSubmitted is awaited with the job id before run resolves",
      async run() {
        const events: string[] = [];
        const job = await submit({
          onSubmitted: async (jobId) => {
            events.push(`called ${jobId}`);
            await new Promise((resolve) => setTimeout(resolve, 5));
            events.push("durable");
          },
        });
        events.push("resolved");
        assert.deepEqual(events, [`called ${job.id}`, "durable", "resolved"]);
        assert.equal((await job.result()).length, 1);
      },
    },
    {
      name: "run rejects with what onSubmitted throws",
      async run() {
        const full = new Error("disk full");
        const fail = (): never => {
          throw full;
        };
        await assert.rejects(submit({ onSubmitted: fail }), (error) => error === full);
        await assert.rejects(submit({ onSubmitted: async () => fail() }), (error) => error === full);
      },
    },
    {
      name: "aborting a wait rejects with the signal's reason and leaves the job's result available",
      async run() {
        const job = await submit();
        const controller = new AbortController();
        const waiting = job.result({ signal: controller.signal });
        const reason = new Error("no patience");
        controller.abort(reason);
        await assert.rejects(waiting, (error) => error === reason);
        await assert.rejects(job.result({ signal: controller.signal }), (error) => error === reason);
        assert.equal((await job.result()).length, 1);
      },
    },
    {
      name: "aborting a wait with cancelRemote also stops the job",
      async run() {
        const job = await submit();
        const controller = new AbortController();
        const waiting = job.result({ signal: controller.signal, cancelRemote: true });
        const reason = new Error("too dear");
        controller.abort(reason);
        await assert.rejects(waiting, (error) => error === reason);
        await stopped(job);
      },
    },
    {
      name: "cancel stops a job, whose result then says so",
      async run() {
        const job = await submit();
        await job.cancel();
        await stopped(job);
      },
    },
    {
      name: "cancelling a job that has ended changes nothing",
      async run() {
        const job = await submit();
        const result = await job.result();
        await job.cancel();
        assert.equal(await job.status(), "done");
        assert.deepEqual(await job.result(), result);
      },
    },
    {
      name: "a signal that is aborted already submits nothing",
      async run() {
        const submitted: string[] = [];
        const signal = AbortSignal.abort(new Error("too late"));
        await assert.rejects(
          submit({
            signal,
            onSubmitted: (jobId) => {
              submitted.push(jobId);
            },
          }),
          /too late/,
        );
        assert.deepEqual(submitted, []);
      },
    },
    {
      name: "jobs have ids of their own and report their executions",
      async run() {
        const again = await submitter();
        const jobs = [await again(), await again()];
        assert.ok(jobs.every(({ id }) => typeof id === "string" && id.length > 0));
        assert.notEqual(jobs[0]!.id, jobs[1]!.id);
        for (const job of jobs) {
          await job.result();
          const { executions, quantumSeconds } = await job.usage();
          assert.ok(Number.isSafeInteger(executions) && executions > 0, `executions are ${executions}`);
          assert.ok(quantumSeconds >= 0);
        }
      },
    },
  ];
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
