import { expect, test } from "vitest";
import { adopt, bodyHash, type SubmitBody } from "../../../providers/ibm/adopt.ts";
import type { IbmClient } from "../../../providers/ibm/client.ts";
import type { JobBody } from "../../../providers/ibm/schemas.ts";

const body = {
  program_id: "estimator",
  backend: "device",
  params: { pubs: [1], options: {} },
} as unknown as SubmitBody;

interface Listed {
  readonly id: string;
  readonly status?: string;
  readonly created?: string;
  readonly backend?: string;
  readonly program?: string;
  readonly isPrivate?: boolean;
  /** What the service shows of what it was sent. */
  readonly params?: unknown;
}

/** Adopts what the service lists; an id of what it cannot cancel begins with "stuck". */
async function adopted(listed: readonly Listed[], hashes?: ReadonlySet<string>) {
  const cancelled: string[] = [];
  const found = listed.map(({ id, status = "Queued", created = "2026-01-01T00:00:00Z", ...job }) => ({
    ...{ id, created, state: { status }, program: { id: job.program ?? "estimator" } },
    ...{ backend: job.backend ?? "device", private: job.isPrivate ?? false },
  })) as unknown as readonly JobBody[];
  const jobs = {
    async cancel(id: string) {
      cancelled.push(id);
      if (id.startsWith("stuck")) throw new Error("not now");
    },
    retrieve: async (id: string) => ({ params: listed.find((job) => job.id === id)!.params }),
  };
  const client = { jobs } as unknown as IbmClient;
  try {
    return { ...(await adopt(found, { client, key: "key", body, hashes, signal: undefined })), cancelled };
  } catch (error) {
    return { code: (error as { readonly code?: string }).code, cancelled };
  }
}

test.each<readonly [what: string, job: Listed]>([
  ["of another backend", { id: "b", backend: "other" }],
  ["of another program", { id: "b", program: "sampler" }],
])("a job %s is not taken for one's own, though nothing else is known of it", async (_what, job) => {
  expect(await adopted([{ id: "a" }, job])).toEqual({ code: "IBM_SUBMIT_KEY", cancelled: [] });
});

test("a job whose parameters the service does not show is taken only where it is a private one", async () => {
  expect(await adopted([{ id: "a" }], new Set())).toMatchObject({ code: "IBM_SUBMIT_KEY" });
  expect(await adopted([{ id: "a", isPrivate: true }], new Set())).toMatchObject({ id: "a" });
  const other = { id: "a", isPrivate: true, params: { pubs: [2], options: {} } };
  expect(await adopted([other], new Set())).toMatchObject({ code: "IBM_SUBMIT_KEY" });
  expect(await adopted([other], new Set([bodyHash({ ...body, params: other.params } as never)]))).toMatchObject({
    id: "a",
  });
});

test("the oldest that has neither failed nor been cancelled is kept, and only those that are out are cancelled", async () => {
  const [first, second, third] = ["2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z", "2026-01-01T00:00:02Z"] as const;
  const listed: readonly Listed[] = [
    { id: "stuck", created: third },
    { id: "failed", status: "Failed", created: first },
    { id: "younger", created: second, status: "Running" },
    { id: "cancelled", status: "Cancelled", created: first },
    { id: "older", created: second },
  ];
  const surplus = ["cancelled", "failed", "younger", "stuck"];
  expect(await adopted(listed)).toEqual({ id: "older", surplus, cancelled: ["younger", "stuck"] });
});

test("of jobs that all have failed the oldest is taken, so that whoever waits for it is told why", async () => {
  const listed = [
    { id: "b", status: "Failed", created: "2026-01-01T00:00:01Z" },
    { id: "a", status: "Failed" },
  ];
  expect(await adopted(listed)).toEqual({ id: "a", surplus: ["b"], cancelled: [] });
});
