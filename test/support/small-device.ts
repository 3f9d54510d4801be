import type { DeviceDescription } from "../../providers/devices/index.ts";

/** An invented device of a few qubits in a ladder with cz, as quiet as asked, in IBM's form. */
export function smallDevice(numQubits = 12, options: { readonly fractional?: boolean } = {}): DeviceDescription {
  const pairs: (readonly [number, number])[] = [];
  for (let qubit = 0; qubit + 2 < numQubits; qubit++) pairs.push([qubit, qubit + 2]);
  for (let qubit = 0; qubit + 1 < numQubits; qubit += 2) pairs.push([qubit, qubit + 1]);
  const coupling = pairs.flatMap(([a, b]) => [[a, b] as const, [b, a] as const]);
  const fractional = options.fractional === true ? ["rx", "rzz"] : [];
  const basis = ["cz", "id", "rz", "sx", "x", ...fractional];
  const value = (name: string, number: number, unit: string) => ({ name, value: number, unit, date: DATE });
  const gate = (name: string, qubits: readonly number[], nanoseconds: number) => ({
    gate: name,
    qubits,
    parameters: [value("gate_error", name === "rz" ? 0 : 1e-4, ""), value("gate_length", nanoseconds, "ns")],
  });
  const single = Array.from({ length: numQubits }, (_, qubit) => [qubit]);
  return {
    configuration: {
      backend_name: "small_device",
      backend_version: "1.0.0",
      n_qubits: numQubits,
      basis_gates: basis,
      supported_instructions: [...basis, "measure", "reset", "delay", "if_else"],
      coupling_map: coupling,
      dt: 4,
      default_rep_delay: 250,
      rep_delay_range: [0, 500],
      timing_constraints: { granularity: 1, pulse_alignment: 1 },
      processor_type: { family: "Heron", revision: "2" },
      simulator: false,
      local: false,
      conditional: false,
      open_pulse: false,
      memory: true,
      max_shots: 100_000,
      gates: [],
    },
    properties: {
      backend_name: "small_device",
      backend_version: "1.0.0",
      last_update_date: DATE,
      qubits: single.map(() => [
        value("T1", 200, "us"),
        value("T2", 150, "us"),
        value("readout_error", 0.01, ""),
        value("prob_meas0_prep1", 0.012, ""),
        value("prob_meas1_prep0", 0.008, ""),
        value("readout_length", 1500, "ns"),
      ]),
      gates: [
        ...single.flatMap((qubits) => [gate("rz", qubits, 0), gate("sx", qubits, 32), gate("x", qubits, 32)]),
        ...coupling.map((qubits) => gate("cz", qubits, 68)),
        ...fractional.flatMap((name) =>
          name === "rx"
            ? single.map((qubits) => gate(name, qubits, 32))
            : coupling.map((qubits) => gate(name, qubits, 68)),
        ),
      ],
    },
  };
}

const DATE = "2026-11-24T06:00:00+00:00";
