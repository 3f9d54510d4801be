import { KernelMemory } from "../../../providers/simulator/kernels/kernel-memory.ts";
import { WorkerTeam } from "../../../providers/simulator/threads/index.ts";
import { type TestProgram, work } from "./team-work.ts";

// A program of its own: node lone-process.ts MODE, which prints JSON and comes to its end.
const mode = process.argv[2];
const TARGET = { addressBits: 32, realBits: 64, shared: true } as const;
const team = new WorkerTeam<TestProgram>(new URL("./team-worker.ts", import.meta.url), work, 3);
const meeting = team.load({ kind: "meet", chunks: 3, at: 64 });
const sleep = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

if (mode === "ends-at-once") {
  // The workers are still starting when this program ends.
  const rotation = team.load({ kind: "rotate", bytes: 1024, t: 0.5 });
  team.run(rotation, new KernelMemory(TARGET, 1 << 16), 0, 64);
  console.log(JSON.stringify({ workers: team.workers }));
} else if (mode === "ends" || mode === "exits") {
  team.run(meeting, new KernelMemory(TARGET, 1 << 16), 0, 3);
  console.log(JSON.stringify({ workers: team.workers }));
  if (mode === "exits") process.exit(5);
} else if (mode === "idles") {
  team.run(meeting, new KernelMemory(TARGET, 1 << 16), 0, 3);
  await sleep(50);
  const start = process.cpuUsage();
  await sleep(400);
  const { user, system } = process.cpuUsage(start);
  console.log(JSON.stringify({ milliseconds: (user + system) / 1000 }));
} else if (mode === "drops-memory") {
  const megabytes: number[] = [];
  for (let round = 0; round < 4; round++) {
    (() => {
      const memory = new KernelMemory(TARGET, 1 << 27);
      memory.f64.fill(1);
      memory.u32[0] = 0;
      team.run(meeting, memory, 0, 3);
    })();
    await sleep(1);
    globalThis.gc!();
    await sleep(100);
    megabytes.push(process.memoryUsage.rss() / 2 ** 20);
  }
  console.log(JSON.stringify({ megabytes, workers: team.workers }));
}
