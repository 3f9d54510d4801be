import type { Command } from "commander";
import type { IbmBackendInfo } from "../../../providers/ibm/index.ts";
import { type Io, print } from "../io.ts";
import { integer } from "../options.ts";
import { ibmFor } from "../provider.ts";
import { alignRight } from "../text.ts";

interface BackendsOptions {
  readonly minQubits?: number;
  readonly online?: boolean;
  readonly json?: boolean;
}

export function addBackends(program: Command, io: Io): void {
  program
    .command("backends")
    .description("List the quantum computers of your IBM Quantum instance.")
    .option("--min-qubits <n>", "only those with so many qubits", integer(1))
    .option("--online", "only those that take jobs now")
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      `
The instance is that of LEPTON_IBM_TOKEN and LEPTON_IBM_INSTANCE, of Qiskit's variables, or of Qiskit's saved account.

Example:
  lepton backends --min-qubits 100 --online`,
    )
    .action(async ({ minQubits, online, json }: BackendsOptions) => {
      const backends = await (await ibmFor(io)).backends({
        ...(minQubits === undefined ? {} : { minQubits }),
        ...(online === undefined ? {} : { online }),
      });
      print(io, json === true, { backends }, () => (backends.length === 0 ? "None.\n" : tableOf(backends)));
    });
}

function tableOf(backends: readonly IbmBackendInfo[]): string {
  const percent = (error: number | undefined): string => (error === undefined ? "" : `${(100 * error).toFixed(2)} %`);
  const rows = backends.map((backend) => [
    backend.name,
    backend.status,
    String(backend.numQubits ?? ""),
    backend.processor ?? "",
    String(backend.pendingJobs),
    percent(backend.twoQubitErrorMedian),
    percent(backend.readoutErrorMedian),
  ]);
  return `${alignRight([["backend", "status", "qubits", "processor", "jobs in queue", "two-qubit error", "read-out error"], ...rows]).join("\n")}\n`;
}
