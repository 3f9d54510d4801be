import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { startEmulator } from "../../../providers/emulator/index.ts";
import { fencedPrograms, runnable } from "../../support/documented-programs.ts";

test("the programs of docs/ibm.md run on the emulator and print what they say", async () => {
  await using emulator = await startEmulator({ devices: ["torino"], clock: "automatic", noise: false });
  const { PATH = "", HOME = "" } = process.env;
  const env = {
    PATH,
    HOME,
    LEPTON_IBM_TOKEN: emulator.token,
    LEPTON_IBM_INSTANCE: emulator.crn,
    LEPTON_IBM_URL: emulator.url,
    LEPTON_IBM_IAM_URL: emulator.iamUrl,
  };
  const outputs = await Promise.all(
    fencedPrograms("docs/ibm.md").map(async (program) => {
      const args = ["--input-type=module-typescript", "--eval", runnable(program)];
      return (await promisify(execFile)(process.execPath, args, { env, encoding: "utf8" })).stdout;
    }),
  );
  expect(outputs[0]).toMatch(/^1 job, 1600 executions, about 2\.\d s\n\[ 2, 2 \] true 1600\n$/);
  expect(outputs[1]).toBe("1 submit; true\n");
  expect(outputs[2]).toBe("100 done 1\n");
  expect(outputs[3]).toBe("batch true\n");
}, 60_000);
