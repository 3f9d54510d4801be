import type { FaultRule } from "../../../providers/emulator/index.ts";
import type { CrashPoint } from "../../../src/runs/crash-points.ts";
import type { Chance } from "./chance.ts";
import { NETWORK_KINDS } from "./network-faults.ts";
import { PROCESS_KINDS } from "./process-faults.ts";
import type { Moment, RequestName, Scene } from "./scene.ts";
import { SERVICE_KINDS } from "./service-faults.ts";
import type { Setting } from "./setting.ts";

export type When =
  /** The n-th of such moments; "*" is of any name. */
  | { readonly on: Moment["on"]; readonly name: CrashPoint | RequestName | "*" | (string & {}); readonly nth: number }
  /** So long after the beginning. */
  | { readonly seconds: number };

/** Something that goes wrong once in a simulated run. */
export interface Fault {
  readonly kind: string;
  readonly when: When;
  /** Codes of errors that are documented for it: the run may fail with them, and goes on when it is resumed. */
  readonly excuses?: readonly string[];
  /** @throws what a call fails with */
  strike(scene: Scene, moment: Moment | undefined): void;
  seen: number;
  done: boolean;
}

/** How faults of one kind are drawn. */
export interface FaultKind {
  readonly kind: string;
  /** How often it is drawn beside the others; 1 by default. */
  readonly weight?: number;
  draw(chance: Chance, setting: Setting): Pick<Fault, "when" | "strike"> & { readonly excuses?: readonly string[] };
}

export const KINDS: readonly FaultKind[] = [...PROCESS_KINDS, ...NETWORK_KINDS, ...SERVICE_KINDS];

/** How many, and which. */
export function drawFaults(chance: Chance, setting: Setting): readonly Fault[] {
  const count = chance.weighted([
    [5, 0],
    [25, 1],
    [25, 2],
    [30, chance.whole(3, 6)],
    [15, chance.whole(7, 12)],
  ]);
  return Array.from({ length: count }, (_, index) => {
    const own = chance.fork(`fault ${index}`);
    const { kind, draw } = own.weighted(KINDS.map((known) => [known.weight ?? 1, known] as const));
    return { kind, ...draw(own, setting), seen: 0, done: false };
  });
}

/** The request at hand, and those after it, go wrong. */
export function spoil({ world }: Scene, moment: Moment | undefined, rule: FaultRule): void {
  if (moment !== undefined && "line" in moment) world.spoil(moment.line, rule);
}
