import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Circuit, SparsePauliOp, Target, weight } from "../../../circuits/index.ts";
import { checkCompiledPubs, checkTags } from "../../../providers/ibm/checks.ts";
import { controlInstructions, IBM_LIMITS, splitIntoJobs } from "../../../providers/ibm/limits.ts";
import { identityCompile } from "../../support/identity-compile.ts";

const limits = { maxExecutionsPerJob: 1000, maxPayloadBytes: 500 };
const size = (rows: number, executionsPerRow: number, bytes = 10, bytesPerRow = 1) => ({
  rows,
  executionsPerRow,
  bytes,
  bytesPerRow,
});

describe("splitIntoJobs", () => {
  test("one job where all fits", () => {
    expect(splitIntoJobs([size(3, 100), size(2, 300)], limits)).toEqual([
      [
        { pub: 0, from: 0, to: 3 },
        { pub: 1, from: 0, to: 2 },
      ],
    ]);
  });

  test("cuts between rows at the executions, and between PUBs at the bytes", () => {
    expect(splitIntoJobs([size(5, 300), size(1, 100)], limits)).toEqual([
      [{ pub: 0, from: 0, to: 3 }],
      [
        { pub: 0, from: 3, to: 5 },
        { pub: 1, from: 0, to: 1 },
      ],
    ]);
    expect(splitIntoJobs([size(1, 0, 400), size(300, 0, 100, 1)], limits)).toEqual([
      [{ pub: 0, from: 0, to: 1 }],
      [{ pub: 1, from: 0, to: 300 }],
    ]);
  });

  test("says when one row is too much", () => {
    expect(splitIntoJobs([size(1, 1001)], limits)).toBeUndefined();
    expect(splitIntoJobs([size(1, 0, 501)], limits)).toBeUndefined();
  });

  test("every row once and in order, within the limits, and no job that could have taken more", () => {
    const sizes = fc.array(
      fc.record({
        rows: fc.integer({ min: 1, max: 40 }),
        executionsPerRow: fc.nat(400),
        bytes: fc.nat(200),
        bytesPerRow: fc.integer({ min: 1, max: 60 }),
      }),
      { minLength: 1, maxLength: 8 },
    );
    fc.assert(
      fc.property(sizes, (pubs) => {
        const jobs = splitIntoJobs(pubs, limits)!;
        const rows = jobs
          .flat()
          .flatMap(({ pub, from, to }) => Array.from({ length: to - from }, (_, i) => `${pub}:${from + i}`));
        expect(rows).toEqual(
          pubs.flatMap(({ rows: count }, pub) => Array.from({ length: count }, (_, i) => `${pub}:${i}`)),
        );
        const sum = (slices: readonly { pub: number; from: number; to: number }[]) => ({
          executions: slices.reduce((total, { pub, from, to }) => total + (to - from) * pubs[pub]!.executionsPerRow, 0),
          bytes: slices.reduce(
            (total, { pub, from, to }) => total + pubs[pub]!.bytes + (to - from) * pubs[pub]!.bytesPerRow,
            0,
          ),
        });
        for (const [index, slices] of jobs.entries()) {
          const used = sum(slices);
          expect(used.executions).toBeLessThanOrEqual(limits.maxExecutionsPerJob);
          expect(used.bytes).toBeLessThanOrEqual(limits.maxPayloadBytes);
          const next = jobs[index + 1]?.[0];
          if (next === undefined) continue;
          const same = slices.at(-1)!.pub === next.pub;
          const more = sum([{ pub: next.pub, from: 0, to: 1 }]);
          const fits =
            used.executions + more.executions <= limits.maxExecutionsPerJob &&
            used.bytes + more.bytes - (same ? pubs[next.pub]!.bytes : 0) <= limits.maxPayloadBytes;
          expect(fits).toBe(false);
        }
      }),
      { numRuns: 300 },
    );
  });
});

test("control instructions of the fullest qubit, branches and initialisation included", () => {
  const circuit = Circuit.build(3, (c) => {
    const r = c.register("c", 1);
    c.rz(1, 0).sx(0).cz(0, 1).reset(1).barrier(0, 1, 2).delay(8, "dt", 1).measure(1, 0);
    c.if(r, 1, (inner) => inner.x(1));
  });
  expect(controlInstructions(circuit)).toEqual({ qubit: 1, instructions: 50 + 5 + 17 + 1 + 10 + 2 });
});

describe("checkCompiledPubs", () => {
  const target = Target.fromEdges(3, [[0, 1]], ["cz", "rz", "sx", "x", "rzz"]);
  const w = weight("w");
  const pub = (circuit: Circuit, values: readonly number[] = []) => {
    const compiled = identityCompile(circuit, target);
    const rows = Math.max(1, values.length);
    return {
      compiled,
      observables: [SparsePauliOp.z(3, 0)],
      rows,
      values: compiled.bindRows(Float64Array.from(values), rows),
      precision: 0.1,
    };
  };
  const check = (circuit: Circuit, values?: readonly number[], options = {}, own = IBM_LIMITS) => {
    try {
      checkCompiledPubs([pub(Circuit.build(3, (c) => c.x(0))), pub(circuit, values)], target, options, own);
    } catch (error) {
      return error;
    }
    return undefined;
  };

  test("passes what the device runs", () => {
    expect(
      check(
        Circuit.build(3, (c) => c.rzz(w, 0, 1)),
        [0, 1.5],
      ),
    ).toBeUndefined();
  });

  test.each<[string, Circuit, readonly number[] | undefined, object, object]>([
    [
      "a foreign gate",
      Circuit.build(3, (c) => c.h(0).h(1)),
      undefined,
      {},
      {
        code: "IBM_NOT_ISA",
        ibmCode: "1517",
        message: expect.stringMatching(/PUB 1: Operation 0.*h is no gate.*and 1 more/),
      },
    ],
    [
      "a row out of range",
      Circuit.build(3, (c) => c.rzz(w, 0, 1)),
      [1, 2],
      {},
      { code: "IBM_NOT_ISA", ibmCode: "1517", message: expect.stringMatching(/PUB 1: Row 1/) },
    ],
    ["a measuring Estimator", Circuit.build(3, (c) => c.measureAll()), undefined, {}, { ibmCode: "1522" }],
    [
      "twirled fractional gates",
      Circuit.build(3, (c) => c.rzz(1, 0, 1)),
      undefined,
      { resilienceLevel: 2 },
      { ibmCode: "1519" },
    ],
    [
      "fractional gates with PEC",
      Circuit.build(3, (c) => c.rzz(1, 0, 1)),
      undefined,
      { resilience: { pecMitigation: true } },
      { ibmCode: "1519" },
    ],
    [
      "an angle that is none",
      Circuit.build(3, (c) => c.rz(w, 0)),
      [0, Number.NaN],
      {},
      { code: "IBM_NOT_ISA", message: expect.stringMatching(/row 1 has the angle NaN/) },
    ],
  ])("refuses %s", (_, circuit, values, options, error) => {
    expect(check(circuit, values, options)).toMatchObject(error);
  });

  test("counts control instructions", () => {
    const error = check(
      Circuit.build(3, (c) => c.x(0).x(0)),
      undefined,
      {},
      { ...IBM_LIMITS, maxControlInstructionsPerQubit: 53 },
    );
    expect(error).toMatchObject({
      code: "IBM_LIMIT",
      ibmCode: "1520",
      message: expect.stringMatching(/54 control instructions on qubit 0.*53, 1 fewer/),
    });
  });
});

test("tags: eight of 86 characters, one kept for the submit", () => {
  expect(checkTags(["a", "b", "a"], IBM_LIMITS, 1)).toEqual(["a", "b"]);
  const many = Array.from({ length: 8 }, (_, i) => `t${i}`);
  expect(checkTags(many, IBM_LIMITS)).toHaveLength(8);
  const refuses = (tags: unknown, mentions: RegExp) =>
    expect(() => checkTags(tags as string[], IBM_LIMITS, 1)).toThrow(
      expect.objectContaining({ code: "IBM_TAGS", message: expect.stringMatching(mentions) }),
    );
  refuses(many, /at most 7 tags.*8 were/);
  refuses(["x".repeat(87)], /one of 87/);
  refuses([""], /one of 0/);
  refuses([3], /not 3|number/);
  refuses("tag", /list of texts/);
});
