import type { EmulatedDevice } from "../device.ts";
import { json } from "../http/answer.ts";
import { notFound } from "../http/refusal.ts";
import type { Service } from "../service.ts";
import { type Call, dateOf, type EndpointRoute, route } from "./call.ts";

export const backendRoutes: readonly EndpointRoute[] = [
  route("GET", "/api/v1/backends", "instance", list),
  route("GET", "/api/v1/backends/{name}/configuration", "instance", (call) => json(deviceOf(call).configuration)),
  route("GET", "/api/v1/backends/{name}/properties", "instance", properties),
  route("GET", "/api/v1/backends/{name}/status", "instance", status),
  route("GET", "/api/v1/backends/{name}/defaults", "instance", (call) => {
    deviceOf(call);
    return json({});
  }),
];

function deviceOf({ params, service }: Call): EmulatedDevice {
  const device = service.devices.find(({ name }) => name === params.name);
  if (device === undefined) throw notFound(`Backend ${params.name}`);
  return device;
}

function list({ request, service }: Call): ReturnType<typeof json> {
  const waits = request.query.getAll("fields").includes("wait_time_seconds");
  return json({ devices: service.devices.map((device) => summary(device, service, waits)) });
}

function summary(device: EmulatedDevice, service: Service, waits: boolean): Readonly<Record<string, unknown>> {
  const { name, configuration, target, state } = device;
  const { clops_h: clops, processor_type } = configuration as {
    readonly clops_h?: unknown;
    readonly processor_type?: unknown;
  };
  const pending = service.queue.pending(name);
  const wait = pending.reduce((sum, { estimatedSeconds = 0 }) => sum + estimatedSeconds, 0);
  return {
    name,
    status: state === "online" ? { name: "online" } : statusOf(state),
    is_simulator: false,
    qubits: target.numQubits,
    physical_qubits: target.numQubits,
    clops: typeof clops === "number" ? { type: "hardware_aware", value: clops } : null,
    processor_type: processor_type ?? null,
    queue_length: pending.length,
    performance_metrics: metricsOf(device),
    ...(waits ? { wait_time_seconds: { average: wait, p50: wait, p95: wait } } : {}),
  };
}

function statusOf(state: EmulatedDevice["state"]): { readonly name: string; readonly reason: string } {
  return state === "maintenance"
    ? { name: "paused", reason: "maintenance" }
    : { name: state, reason: `The backend is ${state}.` };
}

function metricsOf({ target }: EmulatedDevice): Readonly<Record<string, number>> {
  const gates = target.edges.flatMap((edge) => target.instruction(target.entangler ?? "", edge)?.error ?? []);
  const readout = target.qubits.flatMap(({ readoutError }) => readoutError ?? []);
  const two = gates.toSorted((a, b) => a - b);
  return {
    ...(two.length === 0 ? {} : { two_q_error_best: two[0]!, two_q_error_median: two[two.length >> 1]! }),
    ...(readout.length === 0 ? {} : { readout_error_median: readout.toSorted((a, b) => a - b)[readout.length >> 1]! }),
  };
}

function properties(call: Call): ReturnType<typeof json> {
  const { properties: calibration } = deviceOf(call);
  const before = dateOf(call.request.query, "updated_before");
  const updated = Date.parse(calibration.last_update_date ?? "");
  // There is one calibration only; before it there was none.
  if (before !== undefined && updated > before) throw notFound("Properties before that date");
  return json(calibration);
}

function status(call: Call): ReturnType<typeof json> {
  const { name, configuration, state } = deviceOf(call);
  return json({
    state: state === "online" || state === "paused",
    status: state === "online" ? "active" : state,
    message: state === "online" ? "available" : state === "paused" ? "queue paused" : state,
    length_queue: call.service.queue.pending(name).length,
    backend_version: configuration.backend_version ?? "1.0.0",
  });
}
