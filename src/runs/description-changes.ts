import { RunError } from "../errors.ts";
import type { RunDescription } from "./events.ts";

const HASH = /^[0-9a-f]{64}$/;
const MAX_TEXT = 80;

/** What decides a run's numbers and is another now, in words such as `seed was 5 and is 6`; none where all is the same. */
export function changesOf(before: RunDescription, now: RunDescription): readonly string[] {
  // As it would be read again: JSON has no infinity.
  const parts = JSON.parse(JSON.stringify(now.parts)) as RunDescription["parts"];
  // A part that the version of then did not write down cannot be compared.
  return Object.keys(before.parts)
    .filter((name) => before.parts[name] !== parts[name])
    .map((name) => changeText(name, before.parts[name], parts[name]));
}

/** That a run of so many steps cannot go on as another one. */
export function runChanged(id: string, step: number, before: RunDescription, now: RunDescription): RunError {
  const instead =
    step === 0
      ? "or give this one another id"
      : `or fork the run at its last step and change the fork: lepton runs fork ${id} --at ${step} --as NEW`;
  return new RunError(
    "RUN_CHANGED",
    before.kind !== now.kind
      ? `Run ${id} is one of ${before.kind}, not of ${now.kind}; give this one another id.`
      : `Run ${id} was started with other settings, so it cannot go on with these: ${changesOf(before, now).join("; ")}. Put them back, ${instead}.`,
  );
}

function changeText(name: string, before: unknown, now: unknown): string {
  if (HASH.test(String(before)) && HASH.test(String(now))) return `another ${name}`;
  return `${name} was ${shortText(before)} and is ${shortText(now)}`;
}

function shortText(value: unknown): string {
  if (value === undefined || value === null) return "none";
  const text = String(value);
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
}
