import { readdirSync, readFileSync } from "node:fs";

const root = new URL("../../fixtures/qasm/", import.meta.url);

export interface CorpusFile {
  readonly path: string;
  readonly text: string;
}

/** All files with `ending` below a folder of the fixtures, in the same order everywhere. */
export function corpusFiles(folder: string, ending = ".qasm"): readonly CorpusFile[] {
  return readdirSync(new URL(folder, root), { recursive: true, encoding: "utf8" })
    .map((path) => path.replaceAll("\\", "/"))
    .filter((path) => path.endsWith(ending))
    .sort()
    .map((path) => ({ path, text: readFileSync(new URL(`${folder}/${path}`, root), "utf8") }));
}

/** Two QASMBench files measure a register q that they do not declare; Qiskit refuses them too. */
export const MALFORMED_QASMBENCH: readonly string[] = [
  "small/vqe_uccsd_n4/vqe_uccsd_n4.qasm",
  "small/vqe_uccsd_n6/vqe_uccsd_n6.qasm",
];

type Probes = Readonly<Record<string, string>>;

/** Small texts by feature: `feat` and `mal` in OpenQASM 3, `q2` in OpenQASM 2. */
export function probes(): Readonly<Record<"feat" | "mal" | "q2", Probes>> {
  return (
    JSON.parse(readFileSync(new URL("probe.json", root), "utf8")) as {
      readonly src: Record<"feat" | "mal" | "q2", Probes>;
    }
  ).src;
}
