/** One of the processes of `raceProcesses`: passes over the schedules of a ledger until its clock says that it is over. */
import { setTimeout as delay } from "node:timers/promises";
import { openStore, RunError, Scheduler } from "../../src/index.ts";

export interface RacingOptions {
  readonly ledger: string;
  /** The time of the virtual clock at a time of this machine's, and how many times as fast it goes. */
  readonly virtualStart: number;
  readonly start: number;
  readonly speed: number;
  /** Milliseconds that the clock is wrong, and after `jumpAt` of virtual time. */
  readonly skew: number;
  readonly jumpAt: number;
  readonly jump: number;
  readonly end: number;
}

const { ledger, virtualStart, start, speed, skew, jumpAt, jump, end } = JSON.parse(process.argv[2]!) as RacingOptions;

const clock = {
  now(): number {
    const right = virtualStart + (Date.now() - start) * speed;
    return right + skew + (right >= jumpAt ? jump : 0);
  },
  async sleep(milliseconds: number): Promise<void> {
    await delay(milliseconds / speed);
  },
};
await using store = await openStore(ledger, { clock });
const scheduler = new Scheduler({ store, facts: async () => ({}) });
const started: number[] = [];
while (clock.now() <= end) {
  try {
    const { started: now, nextAt } = await scheduler.pass();
    started.push(...now.map(({ tick }) => tick));
    await clock.sleep(Math.max(0, Math.min(nextAt ?? 0, end + 1) - clock.now()));
  } catch (error) {
    // The patience of a ledger goes by its clock too, which is fast here.
    if (!(error instanceof RunError && error.code === "LEDGER_BUSY")) throw error;
  }
}
process.stdout.write(JSON.stringify(started));
