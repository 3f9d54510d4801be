import { SimulatorError } from "../errors.ts";

/** Where in a job a computation is, for errors to name it. */
export interface Place {
  readonly jobId: string;
  readonly pub: number;
  /** The row of parameter values, where it is one row's work. */
  row: number | undefined;
}

/** Runs one PUB's work. @throws what it throws; a SimulatorError with the job, the PUB and the row in its message */
export async function inPlace<Result>(
  jobId: string,
  pub: number,
  work: (place: Place) => Result | Promise<Result>,
): Promise<Result> {
  const place: Place = { jobId, pub, row: undefined };
  try {
    return await work(place);
  } catch (error) {
    if (!(error instanceof SimulatorError)) throw error;
    const row = place.row === undefined ? "" : `, row ${place.row},`;
    throw new SimulatorError(error.code, `PUB ${pub}${row} of job ${jobId}: ${error.message}`, { cause: error });
  }
}
