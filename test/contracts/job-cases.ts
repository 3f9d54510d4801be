import assert from "node:assert/strict";
import type { Job, RunOptions } from "../../providers/index.ts";
import type { ContractCase } from "./contract-case.ts";

/** Promises that jobs of Estimators and Samplers share. @param submit runs one small, valid PUB on a fresh backend */
export function jobCases<Result>(submit: (options?: RunOptions) => Promise<Job<Result>>): readonly ContractCase[] {
  return [
    {
      name: "a result can be asked for again and is the same",
      async run() {
        const job = await submit();
        const first = await job.result();
        assert.deepEqual(await job.result(), first);
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
        const first = await submit();
        await first.result();
        const usage = await first.usage();
        assert.ok(Number.isSafeInteger(usage.executions) && usage.executions > 0, `executions are ${usage.executions}`);
        assert.ok(usage.quantumSeconds >= 0);
        assert.ok(first.id.length > 0);
      },
    },
  ];
}
