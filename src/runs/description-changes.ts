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

function changeText(name: string, before: unknown, now: unknown): string {
  if (HASH.test(String(before)) && HASH.test(String(now))) return `another ${name}`;
  return `${name} was ${shortText(before)} and is ${shortText(now)}`;
}

function shortText(value: unknown): string {
  if (value === undefined || value === null) return "none";
  const text = String(value);
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
}
