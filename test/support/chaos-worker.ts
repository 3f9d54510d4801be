/** A worker of a shared ledger, a process of its own, to be stopped and killed. Its settings are JSON in CHAOS_WORKER. */
import { SubmitLimiter } from "../../providers/ibm/index.ts";
import type { Backend } from "../../providers/index.ts";
import { onCrashPoint } from "../../src/runs/crash-points.ts";
import { postgresStore } from "../../src/runs/postgres/postgres-store.ts";
import { pgBossWaker } from "../../src/worker/wake-postgres.ts";
import { startWorker } from "../../src/worker/worker.ts";
import { EMULATED_BACKEND, emulatedProvider, type ServiceAddress } from "./emulated-provider.ts";

export interface ChaosWorkerSettings {
  readonly ledger: string;
  readonly service: ServiceAddress;
  readonly concurrency: number;
}

/** Seconds within which a job is listed that was accepted; the emulator lists it at once. */
const LAG_SECONDS = 1;

export function chaosBackend(service: ServiceAddress): Promise<Backend> {
  const provider = emulatedProvider(service, {
    poll: { firstSeconds: 0.02, runningSeconds: 0.05 },
    lagSeconds: LAG_SECONDS,
    submitTimeoutSeconds: 3,
    limiter: new SubmitLimiter({ limit: Number.POSITIVE_INFINITY }),
  });
  return provider.backend(EMULATED_BACKEND);
}

if (import.meta.main) {
  const { ledger, service, concurrency } = JSON.parse(process.env.CHAOS_WORKER!) as ChaosWorkerSettings;
  const ending = new AbortController();
  process.once("SIGTERM", () => ending.abort());
  // Stops where it matters most: what is to be sent is written down, and is sent when the process goes on.
  let stopsAtSubmit = false;
  process.on("SIGUSR2", () => {
    stopsAtSubmit = true;
  });
  process.on("SIGCONT", () => {
    stopsAtSubmit = false;
  });
  onCrashPoint((point) => {
    if (!stopsAtSubmit || point !== "k2") return;
    stopsAtSubmit = false;
    process.kill(process.pid, "SIGSTOP");
  });
  const store = await postgresStore(ledger);
  const waker = await pgBossWaker(ledger);
  let backend: Promise<Backend> | undefined;
  process.stdout.write("ready\n");
  await startWorker({
    store,
    waker,
    concurrency,
    schedules: false,
    signal: ending.signal,
    providers: () => {
      backend ??= chaosBackend(service);
      return backend;
    },
    onEvent: (event) => {
      if (event.type !== "claimed" && event.type !== "finished") process.stderr.write(`${JSON.stringify(event)}\n`);
    },
  });
  await waker.close();
  await store.close();
}
