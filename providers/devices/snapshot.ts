import type { IbmConfiguration, IbmNduv, IbmProperties } from "../../circuits/index.ts";

/** A device in IBM's form, as its REST API answers it. */
export interface DeviceDescription {
  readonly configuration: IbmConfiguration;
  readonly properties: IbmProperties;
}

/** One calibrated value for every place of a list; null where the device does not tell. */
interface Column {
  readonly unit: string;
  readonly values: readonly (number | null)[];
}

/**
 * A device in little space: the configuration without what only pulses need, and the calibration as columns. All values keep
 * the digits they came with; only the dates of single values are dropped for that of the calibration as a whole.
 */
export interface DeviceSnapshot {
  readonly licence: string;
  readonly source: string;
  /** IBM's configuration, without the places of its gates. */
  readonly configuration: IbmConfiguration;
  /** Directed pairs of qubits, flat. */
  readonly couplingMap: readonly number[];
  readonly lastUpdate: string;
  readonly propertiesVersion: string;
  readonly qubits: Readonly<Record<string, Column>>;
  /** For each gate its places, flat (those of the coupling map or all qubits where left out), and a column for each parameter. */
  readonly gates: Readonly<Record<string, GateTable>>;
}

interface GateTable {
  readonly arity: number;
  readonly qubits?: readonly number[];
  readonly parameters: Readonly<Record<string, Column>>;
}

/** Configuration fields that only pulse programs and old clients read. */
const DROPPED: readonly string[] = [
  "channels",
  "qubit_lo_range",
  "meas_lo_range",
  "qubit_channel_mapping",
  "u_channel_lo",
  "hamiltonian",
  "parametric_pulses",
  "discriminators",
  "meas_kernels",
  "acquisition_latency",
  "conditional_latency",
];

/** Packs a device. @param source where it comes from and under which licence it may be passed on */
export function packDevice(device: DeviceDescription, source: string, licence: string): DeviceSnapshot {
  const { configuration, properties } = device;
  const kept = Object.fromEntries(Object.entries(configuration).filter(([name]) => !DROPPED.includes(name)));
  const couplingMap = (configuration.coupling_map ?? []).flat();
  const inBasis = (gate: string): boolean =>
    configuration.basis_gates.includes(gate) || (configuration.supported_instructions ?? []).includes(gate);
  const names = [...new Set(properties.gates.map(({ gate }) => gate))].filter(inBasis);
  return {
    licence,
    source,
    configuration: {
      ...(kept as IbmConfiguration),
      coupling_map: null,
      gates: gatesOf(configuration).map(({ coupling_map: _places, ...gate }) => gate),
    },
    couplingMap,
    lastUpdate: properties.last_update_date ?? "",
    propertiesVersion: String(properties.backend_version ?? ""),
    qubits: columnsOf(properties.qubits),
    gates: Object.fromEntries(
      names.map((name) => {
        const entries = properties.gates.filter(({ gate }) => gate === name);
        const arity = entries[0]!.qubits.length;
        const qubits = entries.flatMap((entry) => entry.qubits);
        const usual = usualPlaces(arity, configuration.n_qubits, couplingMap);
        return [
          name,
          {
            arity,
            ...(qubits.join() === usual.join() ? {} : { qubits }),
            parameters: columnsOf(entries.map(({ parameters }) => parameters)),
          },
        ];
      }),
    ),
  };
}

/** The device again, in IBM's form. */
export function unpackDevice(snapshot: DeviceSnapshot): DeviceDescription {
  const { configuration, couplingMap, lastUpdate, gates } = snapshot;
  const pairs = chunks(couplingMap, 2) as [number, number][];
  const placesOf = ({ arity, qubits }: GateTable): readonly (readonly number[])[] =>
    chunks(qubits ?? usualPlaces(arity, configuration.n_qubits, couplingMap), arity);
  return {
    configuration: {
      ...configuration,
      coupling_map: pairs,
      gates: gatesOf(configuration).map((gate) => {
        const table = gates[gate.name];
        return table === undefined || !configuration.basis_gates.includes(gate.name)
          ? gate
          : { ...gate, coupling_map: placesOf(table) };
      }),
    },
    properties: {
      backend_name: configuration.backend_name,
      backend_version: snapshot.propertiesVersion,
      last_update_date: lastUpdate,
      qubits: Array.from({ length: configuration.n_qubits }, (_, qubit) => row(snapshot.qubits, qubit, lastUpdate)),
      gates: Object.entries(gates).flatMap(([gate, table]) =>
        placesOf(table).map((qubits, index) => ({
          gate,
          name: `${gate}${qubits.join("_")}`,
          qubits,
          parameters: row(table.parameters, index, lastUpdate),
        })),
      ),
      general: [],
      general_qlists: [],
    },
  };
}

interface GateDescription {
  readonly name: string;
  readonly [other: string]: unknown;
}

function gatesOf({ gates }: IbmConfiguration): readonly GateDescription[] {
  return (gates ?? []) as readonly GateDescription[];
}

function usualPlaces(arity: number, numQubits: number, couplingMap: readonly number[]): readonly number[] {
  return arity === 2 ? couplingMap : Array.from({ length: numQubits }, (_, qubit) => qubit);
}

function columnsOf(lists: readonly (readonly IbmNduv[])[]): Readonly<Record<string, Column>> {
  const names = new Map(lists.flatMap((list) => list.map(({ name, unit = "" }) => [name, unit] as const)));
  return Object.fromEntries(
    [...names].map(([name, unit]) => [
      name,
      { unit, values: lists.map((list) => list.find((entry) => entry.name === name)?.value ?? null) },
    ]),
  );
}

function row(columns: Readonly<Record<string, Column>>, index: number, date: string): IbmNduv[] {
  return Object.entries(columns).flatMap(([name, { unit, values }]) => {
    const value = values[index];
    return value === null || value === undefined ? [] : [{ date, name, unit, value }];
  });
}

function chunks(flat: readonly number[], length: number): readonly (readonly number[])[] {
  return Array.from({ length: flat.length / length }, (_, i) => flat.slice(i * length, (i + 1) * length));
}
