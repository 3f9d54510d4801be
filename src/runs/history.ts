import type { Amount } from "./budget.ts";
import { formatBudget } from "./budget-text.ts";
import type { IntentEvent, JobPlace, ResultEvent, RunEvent, RunRecord, SubmittedEvent } from "./events.ts";
import { STEP_RESTARTED } from "./recalibration.ts";
import { taskText } from "./run-task.ts";

/** One line of a run's history. */
export interface HistoryLine {
  readonly seq: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** What happened, in plain words: one line, without control characters and secrets. */
  readonly words: string;
}

/** What happened in a run, a line for each record of its journal. */
export function historyOf(records: Iterable<RunRecord>): readonly HistoryLine[] {
  let calibration: string | undefined;
  return Array.from(records, ({ seq, at, event }) => {
    let words = wordsOf(event);
    if (event.type === "intent" && event.calibration !== undefined) {
      if (calibration !== undefined && event.calibration !== calibration)
        words += `; compiled anew for the calibration of ${event.calibration}`;
      ({ calibration } = event);
    }
    return { seq, at, words: oneLine(words) };
  });
}

/** A provider's words say mostly themselves what is in doubt, or that no doubt is left. */
function doubtWords(words: string): string {
  const says = /^(whether a job was accepted|reconcil)/i.test(words);
  return says ? `${words[0]!.toLowerCase()}${words.slice(1)}` : `whether a job was accepted is not known: ${words}`;
}

const LONGEST_LINE = 4000;

/**
 * The text in one line that no terminal obeys, cut where it is very long. Instance names and passwords in addresses are hidden: what a service or a
 * user's program says may hold some.
 */
export function oneLine(text: string): string {
  // Where the cut goes through an address, what is left of it may be a part of a password.
  const cut = (): string => `${text.slice(0, LONGEST_LINE).replace(/(:\/\/)[^\s/]*$/, "$1[hidden]")} ...`;
  const short = text.length <= LONGEST_LINE ? text : cut();
  return (
    short
      .replace(/\bcrn:[^\s"'<>]+/gi, "[hidden]")
      .replace(/(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/]*@/gi, "$1[hidden]@")
      .replace(/\s+/g, " ")
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
      .replace(/[\u0000-\u001f\u007f-\u009f]/g, "")
      .trim()
  );
}

function wordsOf(event: RunEvent): string {
  switch (event.type) {
    case "created": {
      const versions = Object.entries(event.versions).map(([name, version]) => `${name} ${version}`);
      const parent =
        event.parent === undefined ? "" : `, forked from run ${event.parent.run} at step ${event.parent.step}`;
      return `created${versions.length === 0 ? "" : ` with ${versions.join(", ")}`}${parent}`;
    }
    case "described":
      return `first driven: what decides its numbers is written down (${event.description.kind})`;
    case "claimed": {
      const { pid, host } = event.owner;
      const after = event.takeover ? ", in place of one that had not let go" : "";
      return `driven by process ${pid} on ${host}${after}`;
    }
    case "budget":
      return `its budget from here on: ${formatBudget(event.budget)}`;
    case "task":
      return `to be run from here on: ${taskText(event.task)}`;
    case "intent":
      return intentWords(event);
    case "refused":
      return `the submit was refused: ${event.words}`;
    case "submitted":
      return submittedWords(event);
    case "unknown":
      return doubtWords(event.words);
    case "result":
      return `job ${event.jobId} done: ${charged(event)}`;
    case "settled":
      return `the service charges ${seconds(event.quantumSeconds)} for the job of ${event.key}${event.final === false ? " so far" : ""}`;
    case "rejected": {
      const job = event.jobId === undefined ? "a job" : `job ${event.jobId}`;
      if (event.code === STEP_RESTARTED) return `the values of ${job} are not used: ${event.words}`;
      const next = event.replaced ? "; another takes its place" : "";
      return `${job} ended without values: ${event.code} ${event.words} (${seconds(event.quantumSeconds)} charged)${next}`;
    }
    case "orphan":
      return `job ${event.jobId} at the service belongs to no step: ${event.words}; ${event.cancelled ? "cancelled, " : ""}${seconds(event.quantumSeconds)} charged`;
    case "swept":
      return `jobs at the service compared with the journal: ${event.jobs}, of which ${event.orphans} belong to no step`;
    case "waiting":
      return event.words;
    case "parked":
      return `parked until ${new Date(event.wakeAt).toISOString()}: ${event.words}`;
    case "step":
      return `step ${event.step} done${valueWords(event.report)}`;
    case "epoch":
      return `epoch ${event.epoch} done after step ${event.step}${valueWords(event.report)}`;
    case "stopped":
      return `stopped: ${event.words}`;
    case "failed": {
      const { name, code, message } = event.error;
      return `failed: ${code ?? name} ${message}`;
    }
    case "finished":
      return "finished";
  }
}

/** `job 2 of step 12`. */
export function placeWords({ phase, index, attempt }: JobPlace): string {
  const where = phase.startsWith("final") ? "the values at the end" : phase.replace(/-(?=\d+)/, " ").replace("-", " ");
  return `job ${index + 1} of ${where}${attempt === 0 ? "" : `, attempt ${attempt + 1}`}`;
}

function intentWords({ place, part, parts, backend, quantumSeconds, executions, reserved }: IntentEvent): string {
  const which = parts === 1 ? "" : `, part ${part + 1} of ${parts}`;
  const planned = `${executions.toLocaleString("en")} executions, about ${seconds(quantumSeconds)}`;
  return `${placeWords(place)}${which} goes to ${backend}: ${planned}${reservedWords(reserved)}`;
}

function reservedWords({ quantumSeconds, money }: Amount): string {
  if (quantumSeconds === 0 && money === 0) return "";
  return `; set aside ${seconds(quantumSeconds)}${money === 0 ? "" : ` and ${money.toFixed(2)} of money`}`;
}

function submittedWords({ jobId, adopted, surplus }: SubmittedEvent): string {
  const how = adopted ? "was there already and is taken over" : "accepted";
  return `job ${jobId} ${how}${surplus.length === 0 ? "" : `; cancelled as one too many: ${surplus.join(", ")}`}`;
}

function charged({ quantumSeconds, executions, final }: ResultEvent): string {
  return `${executions.toLocaleString("en")} executions, ${seconds(quantumSeconds)} charged${final === false ? " so far" : ""}`;
}

/** The loss or value in a report, whose other fields are the training loop's own. */
function valueWords(report: unknown): string {
  if (typeof report !== "object" || report === null) return "";
  for (const name of ["loss", "value"] as const) {
    const value = (report as Readonly<Record<string, unknown>>)[name];
    if (typeof value === "number") return `, ${name} ${Number(value.toPrecision(6))}`;
  }
  return "";
}

function seconds(value: number): string {
  return `${Number(value.toFixed(2))} s`;
}
