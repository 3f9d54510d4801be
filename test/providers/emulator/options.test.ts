import { describe, expect, test } from "vitest";
import { type EmulatorOptions, startEmulator } from "../../../providers/emulator/index.ts";
import { manila, PlainClient } from "./client.ts";

describe("options", () => {
  test.each<[string, unknown, string, RegExp]>([
    ["an unknown name", { prot: 80 }, "EMULATOR_OPTION", /no option "prot"/],
    ["an unknown limit", { limits: { jobs: 3 } }, "EMULATOR_OPTION", /no option "jobs"/],
    ["no object", 5, "EMULATOR_OPTION", /object of options/],
    ["a port out of range", { port: 70_000 }, "EMULATOR_OPTION", /port.*65535/],
    ["a seed that is no integer", { seed: 0.5 }, "EMULATOR_OPTION", /seed/],
    ["a speed of 0", { speed: 0 }, "EMULATOR_OPTION", /speed/],
    ["a negative queue", { queueSeconds: -1 }, "EMULATOR_OPTION", /queueSeconds/],
    ["an unknown plan", { plan: "premium" }, "EMULATOR_OPTION", /plan.*open, paid/],
    ["an unknown clock", { clock: "sundial" }, "EMULATOR_OPTION", /clock/],
    ["an unknown sampling", { sampling: "some" }, "EMULATOR_OPTION", /sampling/],
    ["noise of another type", { noise: "on" }, "EMULATOR_OPTION", /noise/],
    ["a token with spaces", { token: "a b" }, "EMULATOR_OPTION", /^token of/],
    ["a token that clients hold too short", { token: "abc" }, "EMULATOR_OPTION", /^token of .* 4 to 4096/],
    ["a token that clients take for a URL", { token: "https://a" }, "EMULATOR_OPTION", /^token of .*URL/],
    ["something else than a CRN", { crn: "my-instance" }, "EMULATOR_OPTION", /crn:v1:/],
    ["no devices", { devices: [] }, "EMULATOR_OPTION", /devices/],
    ["a device twice", { devices: ["manila", "manila"] }, "EMULATOR_OPTION", /ibmq_manila is named twice/],
    ["an unknown device", { devices: ["manilla"] }, "DEVICE_UNKNOWN", /manila/],
    ["an address that others reach", { host: "0.0.0.0" }, "EMULATOR_ADDRESS", /allowRemote/],
  ])("%s is refused", async (_name, options, code, message) => {
    const refusal = expect(startEmulator(options as EmulatorOptions)).rejects;
    await refusal.toMatchObject({ code, message: expect.stringMatching(message) });
  });

  test("no message shows the token or the CRN", async () => {
    const secret = "canary with spaces";
    const error = (await startEmulator({ token: secret }).catch((reason: unknown) => reason)) as Error;
    expect(error.message).not.toContain("canary");
    const crn = (await startEmulator({ crn: "crn:canary" }).catch((reason: unknown) => reason)) as Error;
    expect(crn.message).not.toContain("canary");
  });

  test("a port that is taken is told", async () => {
    await using first = await manila();
    const port = Number(new URL(first.url).port);
    await expect(manila({ port })).rejects.toMatchObject({ code: "EMULATOR_LISTEN" });
  });

  test("another address is possible when it is asked for", async () => {
    await using emulator = await manila({ host: "0.0.0.0", allowRemote: true });
    const client = new PlainClient({ ...emulator, url: emulator.url.replace("0.0.0.0", "127.0.0.1") });
    expect((await client.get("/backends")).status).toBe(200);
  });
});

test("it closes once, with connections open, and answers nobody after", async () => {
  const emulator = await manila({ clock: "real" });
  const client = new PlainClient(emulator);
  expect((await client.get("/backends")).status).toBe(200);
  await Promise.all([emulator.close(), emulator.close()]);
  await emulator.close();
  await expect(client.get("/backends")).rejects.toThrow();
});

test("what is not given is made up, and differs each time", async () => {
  await using first = await manila();
  await using second = await manila();
  expect(first.token).not.toBe(second.token);
  expect(first.controlToken).not.toBe(first.token);
  expect(first.crn).toMatch(/^crn:v1:bluemix:public:quantum-computing:us-east:a\//);
  expect(first.url).toBe(`${first.iamUrl}/api/v1`);
});
