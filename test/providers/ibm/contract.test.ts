import { afterAll, beforeAll, describe, test } from "vitest";
import { type Emulator, startEmulator } from "../../../providers/emulator/index.ts";
import { type IbmBackend, ibmProvider, SubmitLimiter } from "../../../providers/ibm/index.ts";
import { estimatorContract } from "../../contracts/estimator-contract.ts";
import { samplerContract } from "../../contracts/sampler-contract.ts";
import { smallDevice } from "../../support/small-device.ts";

const EQUAL_ROWS = "equal rows are sent, and paid for, once, so their values are the same";
const EQUAL_BODIES = "the emulator answers equal jobs equally, so that a run can be replayed";

let emulator: Emulator;
beforeAll(async () => {
  emulator = await startEmulator({ devices: [smallDevice()], clock: "automatic", noise: false });
});
afterAll(() => emulator.close());

/** A provider of its own each time: nothing is shared but the service. */
function backend(): Promise<IbmBackend> {
  return ibmProvider({
    token: emulator.token,
    instance: emulator.crn,
    url: emulator.url,
    iamUrl: emulator.iamUrl,
    accountFile: false,
    environment: {},
    limiter: new SubmitLimiter({ limit: 10_000 }),
    poll: { firstSeconds: 0.002 },
  }).backend("small_device", { effort: 1 });
}

describe("IBM, by the emulator", () => {
  for (const { name, run } of estimatorContract({
    backend,
    atol: 0.1,
    precision: 0.02,
    seeded: false,
    dynamicCircuits: false,
    skip: {
      "standard errors of weighted sums and of several groups are their variances'": EQUAL_ROWS,
      "standard errors know which terms share their shots": EQUAL_ROWS,
      "PUBs, rows and groups of terms draw samples of their own": EQUAL_ROWS,
      "a further run of the same Estimator draws samples of its own": EQUAL_BODIES,
    },
  }))
    test(`estimator: ${name}`, run);

  for (const { name, run } of samplerContract({
    backend,
    seeded: false,
    skip: {
      "a further run of the same Sampler draws samples of its own": EQUAL_BODIES,
      "measurement, reset and branches inside a circuit": "IBM's devices have no condition inside another",
      "conditions read all their bits, least significant first": "IBM's devices compare a bit or a whole register",
    },
  }))
    test(`sampler: ${name}`, run);
});
