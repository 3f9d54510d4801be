/** What a row is, so that the same comparison can be found in every table. */
export type DemoRole = "hybrid" | "without quantum" | "equal parameters" | "best classical" | "reference";

/** A further number of a row, such as sensitivity beside accuracy: mean and sample standard deviation over the seeds. */
export interface DemoFigure {
  readonly metric: string;
  readonly value: number;
  readonly spread: number | null;
}

/** One line of a demo's table. Further fields are a demo's own. */
export interface DemoRow {
  /** The table it belongs to, where a demo has several; rows of a part stand together and share `metric` and `also`. */
  readonly part?: string;
  readonly role?: DemoRole;
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
  /** Further numbers, the same ones in all rows of a part. */
  readonly also?: readonly DemoFigure[];
  /** What executions and seconds are of: training by default, or the test on an emulated device that the row names. */
  readonly costsOf?: "training" | "test";
  /** Circuit executions in training, mean over the seeds: each row of parameter values that was simulated or sent. */
  readonly circuitExecutions: number;
  /** Seconds of training, mean over the seeds. */
  readonly seconds: number;
  /** Seconds of processor time in training, all threads together; mean over the seeds. */
  readonly cpuSeconds?: number;
  /** An estimate: `cpuSeconds` times the result's `watts`. Never of quantum hardware. */
  readonly joules?: number;
  /** Jobs of a quantum computer, in rows about one. */
  readonly jobs?: number;
  /** Seconds of it that were charged, or in rows without jobs, that an emulated one would charge for the row's training. */
  readonly quantumSeconds?: number;
}

/** What a demo gives back; `--json` prints it. */
export interface DemoResult {
  readonly name: string;
  readonly rows: readonly DemoRow[];
  readonly seeds: readonly number[];
  /** Training steps, where all models of the demo take the same number. */
  readonly steps?: number;
  readonly seconds: number;
  /** The assumption behind `joules`: watts of one busy processor core. */
  readonly watts?: number;
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
  /** A file to take the data from, in demos whose own data may not be passed on. */
  readonly data?: string;
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
  /** Options that not every demo has; those of others are refused. */
  readonly takes?: readonly ("data" | "hardware")[];
  /** Loads the demo's code, and TensorFlow.js with it, only when it is to run. */
  load(): Promise<{ run(options: DemoOptions, progress: DemoProgress): Promise<DemoResult> }>;
}
