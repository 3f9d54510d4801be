import { parseArgs } from "node:util";

/** What a run of the benchmarks is narrowed to. */
export interface BenchOptions {
  /** Measure beside the peers, which are installed first. */
  readonly peers: boolean;
  /** Names of the peers wanted; all when empty. */
  readonly peer: readonly string[];
  /** Numbers of qubits wanted; all when empty. */
  readonly numQubits: readonly number[];
  /** Rows of a batch wanted; all when empty. */
  readonly batch: readonly number[];
  /** Part of the name of the cases wanted, where cases have names. */
  readonly only: string | undefined;
  /** How often the sides take turns. */
  readonly rounds: number;
  /** Seconds of one turn; a run is never cut short, so a turn may be longer. */
  readonly slice: number;
  /** Seconds within which a peer must have given its first answer, compile time included. */
  readonly limit: number;
}

export const USAGE = `npm run bench -- [BENCHMARK ...] [--peers] [options]
  --peers         beside the peers, which pip installs into bench/.venv
  --peer NAMES    only these peers, such as pennylane-jax,qulacs (implies --peers)
  --n NUMBERS     only these numbers of qubits, such as 4,8
  --batch NUMBERS only these batches
  --only TEXT     only the cases whose name contains TEXT
  --rounds N      how often the sides take turns (5)
  --slice S       seconds of one turn (0.3)
  --limit S       seconds until a peer's first answer (240)`;

/** @throws TypeError for an option that there is not, or a value that is no number */
export function parseArguments(args: readonly string[]): {
  readonly benchmarks: readonly string[];
  readonly options: BenchOptions;
} {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      peers: { type: "boolean", default: false },
      peer: { type: "string", default: "" },
      n: { type: "string", default: "" },
      batch: { type: "string", default: "" },
      only: { type: "string" },
      rounds: { type: "string", default: "5" },
      slice: { type: "string", default: "0.3" },
      limit: { type: "string", default: "240" },
    },
  });
  const peer = listOf(values.peer);
  return {
    benchmarks: positionals,
    options: {
      peers: values.peers || peer.length > 0,
      peer,
      numQubits: listOf(values.n).map((text) => positive("--n", text)),
      batch: listOf(values.batch).map((text) => positive("--batch", text)),
      only: values.only,
      rounds: positive("--rounds", values.rounds),
      slice: positive("--slice", values.slice),
      limit: positive("--limit", values.limit),
    },
  };
}

const listOf = (text: string): readonly string[] => text.split(",").filter((part) => part !== "");

function positive(option: string, text: string): number {
  const value = Number(text);
  if (!(value > 0 && Number.isFinite(value))) throw new TypeError(`${option} takes numbers above 0, not ${text}.`);
  return value;
}
