import { afterEach, describe, expect, test, vi } from "vitest";
import { Circuit, input, weight } from "../../../circuits/index.ts";
import { type Emulator, startEmulator } from "../../../providers/emulator/index.ts";
import {
  createIbmClient,
  type IbmProvider,
  type IbmProviderOptions,
  ibmProvider,
} from "../../../providers/ibm/index.ts";
import { smallDevice } from "../../support/small-device.ts";

const open: Emulator[] = [];
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const emulator of open.splice(0)) await emulator.close();
});
async function provider(
  options: IbmProviderOptions,
): Promise<{ readonly provider: IbmProvider; readonly jobs: () => Promise<number>; readonly own: IbmProviderOptions }> {
  const emulator = await startEmulator({ devices: [smallDevice(3)], clock: "automatic", noise: false });
  open.push(emulator);
  const { token, crn: instance, url, iamUrl } = emulator;
  const own = { token, instance, url, iamUrl, accountFile: false, poll: { firstSeconds: 0.002 } } as const;
  const watching = ibmProvider({ ...own, environment: {} });
  return {
    provider: ibmProvider({ ...own, environment: {}, ...options }),
    jobs: async () => (await watching.jobs()).length,
    own: { ...own, environment: {} },
  };
}
const circuit = Circuit.build(1, (c) => c.ry(input("x"), 0).rx(weight("w"), 0));
const pub = { circuit, observables: ["Z"], parameterValues: [[0.3, 0]] };
const refused = expect.objectContaining({ code: "IBM_SENDING_REFUSED" });

describe("what may be sent", () => {
  test.each([
    ["the program", { send: "nothing" }],
    ["the environment", { environment: { LEPTON_SEND: "nothing" } }],
    ["the environment against the program", { send: "all", environment: { LEPTON_SEND: "nothing" } }],
  ] as const)("is nothing where %s says so: no job, no session, but plans and lists", async (_, options) => {
    const { provider: ibm, jobs } = await provider(options);
    const backend = await ibm.backend("small_device");
    const estimator = backend.estimator({ precision: 0.1 });
    expect((await estimator.plan([pub])).executions).toBe(100);
    await expect(estimator.run([pub])).rejects.toThrow(refused);
    const measured = Circuit.build(1, (c) => c.h(0).measureAll("c"));
    await expect(backend.sampler({ shots: 10 }).run([[measured]])).rejects.toThrow(refused);
    await expect(ibm.session({ backend: "small_device" })).rejects.toThrow(refused);
    await expect(ibm.batch({ backend: "small_device" })).rejects.toThrow(refused);
    expect(await jobs()).toBe(0);
    expect(await ibm.jobs()).toEqual([]);
  });

  test("is private jobs alone: each is sent so, and its parameters are shown to nobody", async () => {
    const { provider: ibm } = await provider({ environment: { LEPTON_SEND: "private" } });
    const backend = await ibm.backend("small_device");
    const job = await backend.estimator({ precision: 0.1 }).run([pub]);
    const [{ evs }] = (await job.result()) as never as [{ evs: Float64Array }];
    expect(Math.abs(evs[0]! - Math.cos(0.3))).toBeLessThan(0.5);
    const body = await ibm.client.jobs.retrieve(job.id, { includeParams: true });
    expect(body.private).toBe(true);
    expect(JSON.stringify(body)).not.toContain("OPENQASM");
    await expect(backend.estimator({ precision: 0.1, private: false }).run([pub])).rejects.toThrow(refused);
  });

  test("holds for who speaks to the service without a provider, too", async () => {
    const { provider: all, own, jobs } = await provider({});
    const sent = await (await all.backend("small_device")).estimator({ precision: 0.1 }).run([pub]);
    const { program, backend, params } = await all.client.jobs.retrieve(sent.id, { includeParams: true });
    const body = { program_id: program.id, backend, params } as never as object;
    const nothing = { environment: { LEPTON_SEND: "nothing" } };
    const { poll: _, ...connecting } = own;
    for (const client of [
      ibmProvider({ ...own, send: "nothing" }).client,
      createIbmClient({ ...connecting, ...nothing }),
    ]) {
      await expect(client.jobs.create(body as never)).rejects.toThrow(refused);
      await expect(client.jobs.create(() => body as never)).rejects.toThrow(refused);
      await expect(client.sessions.create({ mode: "batch", backend: "small_device" })).rejects.toThrow(refused);
    }
    const inPrivate = createIbmClient({ ...connecting, send: "private" });
    await expect(inPrivate.jobs.create(body as never)).rejects.toThrow(refused);
    await expect(inPrivate.jobs.create(() => body as never)).rejects.toThrow(refused);
    expect(await jobs()).toBe(1);
    await inPrivate.jobs.create({ ...body, private: true } as never);
    await inPrivate.jobs.create(() => ({ ...body, private: true }) as never);
    expect(await jobs()).toBe(3);
    // A provider is no looser than the client that it is given.
    const kept = ibmProvider({ client: inPrivate });
    const job = await (await kept.backend("small_device")).estimator({ precision: 0.1 }).run([pub]);
    expect((await all.client.jobs.retrieve(job.id)).private).toBe(true);
    const given = ibmProvider({ client: createIbmClient({ ...connecting, ...nothing }) });
    const estimator = (await given.backend("small_device")).estimator({ precision: 0.1 });
    await expect(estimator.run([pub])).rejects.toThrow(refused);
  });

  test("is not loosened by an environment that the program gives in place of the process's", async () => {
    vi.stubEnv("LEPTON_SEND", "nothing");
    const { provider: ibm } = await provider({ environment: { LEPTON_SEND: "all" } });
    const backend = await ibm.backend("small_device");
    await expect(backend.estimator({ precision: 0.1 }).run([pub])).rejects.toThrow(refused);
  });

  test("is everything by default, and of an estimator's own choice", async () => {
    const { provider: ibm } = await provider({});
    const backend = await ibm.backend("small_device");
    const isPrivate = async (options: { readonly private?: boolean }) => {
      const job = await backend.estimator({ precision: 0.1, ...options }).run([pub]);
      return (await ibm.client.jobs.retrieve(job.id)).private ?? false;
    };
    expect([await isPrivate({}), await isPrivate({ private: true })]).toEqual([false, true]);
  });

  test("is never loosened by a word that nobody knows", async () => {
    await expect(provider({ send: "some" as never })).rejects.toMatchObject({ code: "IBM_OPTION" });
    await expect(provider({ environment: { LEPTON_SEND: "no" } })).rejects.toMatchObject({
      code: "IBM_OPTION",
      message: expect.stringContaining("LEPTON_SEND"),
    });
    await expect(provider({ environment: { LEPTON_SEND: "" } })).resolves.toBeDefined();
  });
});
