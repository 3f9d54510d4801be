import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { hostname } from "node:os";
import { describe, expect, test } from "vitest";
import type { Owner } from "../../../src/runs/index.ts";
import { isGone, thisOwner } from "../../../src/runs/process-identity.ts";

const knows = process.platform === "linux";

test("each driver of a process is another owner of the same process", () => {
  const [one, two] = [thisOwner(), thisOwner()];
  expect(one.id).not.toBe(two.id);
  expect({ ...one, id: "" }).toEqual({ ...two, id: "" });
  expect([one.host, one.pid]).toEqual([hostname(), process.pid]);
  expect(Math.abs(one.processStart - (Date.now() - 1000 * process.uptime()))).toBeLessThan(5000);
  expect(isGone(one)).toBe(false);
});

describe.skipIf(!knows)("whether an owner's process is no more", () => {
  /** The owner that a process of its own would write down; it goes on until it is killed. */
  async function elsewhere(): Promise<{
    readonly owner: Owner;
    kill(signal: NodeJS.Signals): void;
    gone: Promise<unknown>;
  }> {
    const program = `import { thisOwner } from ${JSON.stringify(new URL("../../../src/runs/process-identity.ts", import.meta.url).href)};
      console.log(JSON.stringify(thisOwner())); setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ["--input-type=module", "--eval", program]);
    const [text] = await once(child.stdout, "data");
    return { owner: JSON.parse(String(text)), kill: (signal) => child.kill(signal), gone: once(child, "exit") };
  }

  test("is known of a process that lives, is stopped, and is killed", async () => {
    const { owner, kill, gone } = await elsewhere();
    expect(isGone(owner)).toBe(false);
    kill("SIGSTOP");
    expect(isGone(owner)).toBe(false);
    kill("SIGKILL");
    // It is dead before its parent has heard of it.
    const until = performance.now() + 5000;
    while (!isGone(owner) && performance.now() < until) spawnSync("true");
    expect(isGone(owner)).toBe(true);
    await gone;
    expect(isGone(owner)).toBe(true);
  });

  test("is known when its number belongs to a later process", () => {
    const here = thisOwner();
    expect(isGone({ ...here, process: `${here.process!}1` })).toBe(true);
  });

  test("cannot be known of another machine, another container, or an earlier start of this machine", () => {
    const here = thisOwner();
    const [boot, space, ticks] = here.process!.split("/");
    const gone = { ...here, pid: 2 ** 22 + 1 };
    expect(isGone(gone)).toBe(true);
    expect(isGone({ ...gone, process: `00000000-${boot!.slice(9)}/${space}/${ticks}` })).toBe(false);
    expect(isGone({ ...gone, process: `${boot}/pid:[1]/${ticks}` })).toBe(false);
    const { process: _, ...untold } = gone;
    expect(isGone(untold)).toBe(false);
  });
});
