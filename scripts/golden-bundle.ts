import { writeFileSync } from "node:fs";
import { exportRun, memoryStore } from "../src/index.ts";
import { createdEvent, type Owner } from "../src/runs/index.ts";
import { goldenRun } from "../test/compat/golden-run.ts";
import { InProcessEmulator } from "../test/support/in-process-emulator.ts";

// Writes a bundle of today's format, which all versions to come must replay:
//   node scripts/golden-bundle.ts
const file = new URL("../test/compat/run-v1.lepton.tar.gz", import.meta.url);

const emulator = InProcessEmulator.open({ devices: ["manila"], seed: 3 });
const { provider, clock } = emulator.process();
const store = memoryStore({ clock });
const owner: Owner = { id: "00000000-0000-4000-8000-000000000001", host: "lab.example", pid: 4001, processStart: 0 };
await store.create({ id: "golden", events: [createdEvent()] });
const lease = await store.claim("golden", owner, 3600);
await goldenRun({ provider: await provider.backend("ibmq_manila"), clock, store, id: "golden", lease });
writeFileSync(file, await exportRun(store, "golden"));
await emulator.core.close();
