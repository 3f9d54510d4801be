import type { Circuit, CompiledCircuit, Target } from "../../circuits/index.ts";
import type { Clock } from "../clock.ts";
import type { BackendSession } from "./backend-session.ts";
import { IbmCheckError } from "./check-error.ts";
import type { IbmClient } from "./client.ts";
import type { DecodeOptions } from "./decode.ts";
import { IbmError } from "./ibm-error.ts";
import type { IbmLimits } from "./limits.ts";
import type { Sending } from "./sending.ts";
import { type PollPolicy, ServiceJob } from "./service-job.ts";

/** What the primitives of one backend share. */
export interface IbmDevice {
  readonly client: IbmClient;
  readonly name: string;
  readonly target: Target;
  readonly limits: IbmLimits;
  readonly clock: Clock;
  readonly poll: PollPolicy;
  readonly decode: DecodeOptions;
  /** Seconds within which the service lists a job that it has accepted. */
  readonly lagSeconds: number;
  /** Ask for the instance's usage before each submit. */
  readonly checkUsage: boolean;
  /** What may be submitted. */
  readonly sending: Sending;
  /** Jobs go to this session unless their options name another. */
  readonly sessionId: string | undefined;
  /** Or to this one, which is opened when it is needed. */
  readonly session: BackendSession | undefined;
  /** When it was calibrated, as the service tells it. */
  readonly calibration: string | undefined;
  compile(circuit: Circuit): CompiledCircuit;
}

export function serviceJob(
  { client, clock, poll }: Pick<IbmDevice, "client" | "clock" | "poll">,
  id: string,
): ServiceJob {
  return new ServiceJob(client, id, clock, poll);
}

/** @throws IbmCheckError IBM_CIRCUIT_TOO_WIDE before the compiler looks at it */
export function compileChecked(device: IbmDevice, circuit: Circuit): CompiledCircuit {
  if (circuit.numQubits > device.target.numQubits)
    throw new IbmCheckError(
      "IBM_CIRCUIT_TOO_WIDE",
      `A circuit has ${circuit.numQubits} qubits but ${device.name} has ${device.target.numQubits}; choose a wider backend (provider.backends({ minQubits: ${circuit.numQubits} })).`,
      { ibmCode: "1517" },
    );
  return device.compile(circuit);
}

/**
 * Jobs of an instance whose limit is used up wait in silence, so this is asked before one is sent.
 * @throws IbmCheckError IBM_USAGE_LIMIT with the numbers
 */
export async function assertUsageLeft(client: IbmClient, signal: AbortSignal | undefined): Promise<void> {
  let usage: Awaited<ReturnType<typeof client.instances.usage>>;
  try {
    usage = await client.instances.usage({ signal });
  } catch (error) {
    // Where usage cannot be told, the submit itself is refused (409) if there is none left.
    if (error instanceof IbmError) return;
    throw error;
  }
  const limit = usage?.usage_limit_seconds ?? usage?.usage_allocation_seconds;
  const consumed = usage?.usage_consumed_seconds ?? 0;
  const reached = usage?.usage_limit_reached ?? (typeof limit === "number" && consumed >= limit);
  if (!reached) return;
  const until = usage?.usage_period?.end_time;
  throw new IbmCheckError(
    "IBM_USAGE_LIMIT",
    `The instance has used ${consumed} s of ${limit ?? "its"} s${until === undefined ? "" : ` of the period that ends ${until}`}; a job would wait without end. Raise the limit, or wait for the next period.`,
  );
}
