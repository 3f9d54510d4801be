/** One line of a demo's table. Further fields are a demo's own. */
export interface DemoRow {
  readonly model: string;
  /** Trainable parameters. */
  readonly params: number;
  /** What `value` is, such as "test accuracy". */
  readonly metric: string;
  /** Mean over the seeds. */
  readonly value: number;
  /** Sample standard deviation over the seeds; null for a single seed. */
  readonly spread: number | null;
  /** One value a seed, in the order of `seeds`. */
  readonly values: readonly number[];
  /** Circuit executions in training, mean over the seeds: each row of parameter values that was simulated or sent. */
  readonly circuitExecutions: number;
  /** Seconds of training, mean over the seeds. */
  readonly seconds: number;
  /** Jobs of a quantum computer, in rows about one. */
  readonly jobs?: number;
  /** Seconds of it that were charged. */
  readonly quantumSeconds?: number;
}

/** What a demo gives back; `--json` prints it. */
export interface DemoResult {
  readonly name: string;
  readonly rows: readonly DemoRow[];
  readonly seeds: readonly number[];
  readonly steps: number;
  readonly seconds: number;
  /** Paths of all files that were written. */
  readonly files: readonly string[];
}

/**
 * Where the part of a demo that is for a quantum computer runs: `ibm` on IBM Quantum, `emulator` on an emulator of it, `none`
 * nowhere, and `auto` on IBM Quantum where the environment has credentials, else on the emulator.
 */
export type Hardware = "auto" | "ibm" | "emulator" | "none";

export interface DemoOptions {
  /** The first seed; further ones count up from it. */
  readonly seed: number;
  readonly seeds: number;
  /** Training steps; each demo has its own default. */
  readonly steps?: number;
  /** A short run that shows that everything works; its numbers mean little. */
  readonly quick: boolean;
  /** `auto` by default. */
  readonly hardware?: Hardware;
  /** The folder for the report; made if need be. */
  readonly out: string;
}

/** How a demo tells how far it is. */
export interface DemoProgress {
  update(label: string, done: number, total: number, note?: string): void;
  /** A line for the person at the terminal. */
  note(text: string): void;
}

/** An application on real data that `lepton demo NAME` runs. */
export interface Demo {
  readonly name: string;
  readonly summary: string;
  /** Loads the demo's code, and TensorFlow.js with it, only when it is to run. */
  load(): Promise<{ run(options: DemoOptions, progress: DemoProgress): Promise<DemoResult> }>;
}
