import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * The keys, tokens and CRNs that tests use as secrets, or a part of each that nothing else holds. They may go to the services
 * they are for, and nowhere else.
 */
export const CANARIES = [
  "canary-key-",
  "canary-control-",
  "canary.token",
  "canaryaccount",
  "canary-instance-",
  "c4narycount",
  "9b13-canary",
  "pr0xy-canary",
  "canary-database-pw-",
] as const;

const shown: string[] = [];

/** Which secrets a text holds: as they are, or in base64 wherever they begin in it. */
export function canariesIn(text: string): readonly string[] {
  return CANARIES.filter((canary) =>
    [
      canary,
      ...[0, 1, 2].map((shift) =>
        Buffer.from(`${"-".repeat(shift)}${canary}`)
          .toString("base64")
          .slice(4, -4),
      ),
    ].some((form) => text.includes(form)),
  );
}

/** For `onConsoleLog`: notes what a test has printed if it holds a secret. */
export function watchConsole(log: string): void {
  if (canariesIn(log).length > 0) shown.push(`A test prints ${canariesIn(log).join(", ")}.`);
}

const OUTER_FOLDER = "LEPTON_TESTS_OUTER_TMPDIR";

/** The folder for temporary files of before the tests have one of their own, which only their user may enter. */
export function outerFolder(): string {
  return process.env[OUTER_FOLDER] ?? tmpdir();
}

/** Lets all tests put their files into one folder, and looks in it for secrets when they have ended. */
export default function setup(): () => void {
  const before = process.env.TMPDIR;
  process.env[OUTER_FOLDER] ??= tmpdir();
  const folder = mkdtempSync(join(tmpdir(), "lepton-tests-"));
  process.env.TMPDIR = folder;
  return () => {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
    const found = filesIn(folder).flatMap((file) => {
      const canaries = canariesIn(readFileSync(file, "latin1"));
      return canaries.length === 0 ? [] : [`${file} holds ${canaries.join(", ")}.`];
    });
    rmSync(folder, { recursive: true, force: true });
    const problems = [...shown, ...found];
    if (problems.length > 0) throw new Error(`Secrets were left behind: ${problems.join(" ")}`);
  };
}

function filesIn(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((path) => {
      const stats = statSync(path, { throwIfNoEntry: false });
      return stats?.isFile() === true && stats.size < 1 << 26;
    });
}
