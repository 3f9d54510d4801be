import { checkOptions } from "../options.ts";
import type { BackendSummary } from "./schemas.ts";

/** A backend as the service lists it. */
export interface IbmBackendInfo {
  readonly name: string;
  /** Takes jobs now. */
  readonly online: boolean;
  /** The service's word, such as "online" or "paused", and its reason. */
  readonly status: string;
  readonly reason: string | undefined;
  readonly numQubits: number | undefined;
  readonly pendingJobs: number;
  readonly simulator: boolean;
  /** Family and revision, such as "Heron r2". */
  readonly processor: string | undefined;
  /** Errors of the two-qubit gates and of readout, as far as told. */
  readonly twoQubitErrorMedian: number | undefined;
  readonly twoQubitErrorLayered: number | undefined;
  readonly readoutErrorMedian: number | undefined;
  /** Median wait in the queue; only on some plans. */
  readonly waitSeconds: number | undefined;
}

export interface IbmBackendFilter {
  readonly minQubits?: number;
  /** Only those that take jobs now, or only the others. */
  readonly online?: boolean;
  readonly simulator?: boolean;
  /** The beginning of family and revision, in any case: "heron", "Heron r2". */
  readonly processor?: string;
  /** A part of the name. */
  readonly name?: string;
  readonly where?: (backend: IbmBackendInfo) => boolean;
}

const FILTERS = ["minQubits", "online", "simulator", "processor", "name", "where"] as const;

export function backendInfo(summary: BackendSummary): IbmBackendInfo {
  const { status, processor_type: type, performance_metrics: metrics } = summary;
  return {
    name: summary.name,
    online: status.name === "online",
    status: status.name,
    reason: status.reason === "" ? undefined : status.reason,
    numQubits: summary.qubits ?? summary.physical_qubits ?? undefined,
    pendingJobs: summary.queue_length,
    simulator: summary.is_simulator ?? false,
    processor:
      type?.family === undefined ? undefined : [type.family, revisionText(type.revision)].filter(Boolean).join(" "),
    twoQubitErrorMedian: numberOf(metrics?.two_q_error_median),
    twoQubitErrorLayered: numberOf(metrics?.two_q_error_layered),
    readoutErrorMedian: numberOf(metrics?.readout_error_median),
    waitSeconds: summary.wait_time_seconds?.p50 ?? summary.wait_time_seconds?.average,
  };
}

/** @throws PubError PUB_FORM for a filter that there is not */
export function filtered(
  backends: readonly IbmBackendInfo[],
  filter: IbmBackendFilter | undefined,
): readonly IbmBackendInfo[] {
  const { minQubits = 0, online, simulator, processor, name = "", where } = checkOptions(filter, "backends", FILTERS);
  return backends.filter(
    (backend) =>
      (backend.numQubits ?? 0) >= minQubits &&
      (online === undefined || backend.online === online) &&
      (simulator === undefined || backend.simulator === simulator) &&
      (processor === undefined || (backend.processor ?? "").toLowerCase().startsWith(processor.toLowerCase())) &&
      backend.name.includes(name) &&
      (where === undefined || where(backend)),
  );
}

function revisionText(revision: string | number | undefined): string {
  return revision === undefined || revision === "" ? "" : `r${revision}`;
}

function numberOf(metric: number | { readonly value?: number } | null | undefined): number | undefined {
  const value = typeof metric === "number" ? metric : metric?.value;
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}
