import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll } from "vitest";

const lepton = JSON.stringify(fileURLToPath(new URL("../../src/index.ts", import.meta.url)));

/** Files that tasks name, in a folder that is gone after the tests. */
export function taskFiles(): { readonly folder: string; write(name: string, source: string): string } {
  const folder = mkdtempSync(join(tmpdir(), "lepton-tasks-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return {
    folder,
    write(name, source) {
      const path = join(folder, name);
      writeFileSync(path, source.replaceAll('"lepton"', lepton));
      return path;
    },
  };
}

/** A small problem whose file takes the learning rate as an option. */
export const PROBLEM = `import { adam, realAmplitudes, SparsePauliOp } from "lepton";
export default ({ lr = 0.1 }) => ({
  circuit: realAmplitudes({ numQubits: 2, reps: 1 }),
  observable: SparsePauliOp.parse("1.0*ZZ + 0.5*XI + 0.25*IX"),
  optimizer: adam({ learningRate: lr }),
  steps: 4,
  seed: 5,
});
`;
