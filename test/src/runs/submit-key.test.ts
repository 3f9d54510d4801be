import { expect, test } from "vitest";
import { Circuit, input, SparsePauliOp } from "../../../circuits/index.ts";
import type { EstimatorPub } from "../../../providers/index.ts";
import { hashPubs, type SubmitSubject, submitKey } from "../../../src/runs/submit-key.ts";

const subject: SubmitSubject = {
  ...{ runId: "run", nonce: "n1", backend: "device", account: "a1", pubs: "0".repeat(64) },
  ...{ place: { phase: "step-1", index: 0, attempt: 0 }, options: { precision: 0.1, seed: 5 } },
};

test("a submit key is another one wherever a job could be another one", () => {
  const { place } = subject;
  const others: readonly Partial<SubmitSubject>[] = [
    { runId: "other" },
    // A run of the same name in another ledger.
    { nonce: "n2" },
    { nonce: undefined },
    { place: { ...place, phase: "step-2" } },
    { place: { ...place, index: 1 } },
    { place: { ...place, attempt: 1 } },
    { backend: "other" },
    { account: "a2" },
    { pubs: "1".repeat(64) },
    { options: { precision: 0.2, seed: 5 } },
    { options: { precision: 0.1 } },
  ];
  const keys = [subject, ...others.map((other) => ({ ...subject, ...other }))].map(submitKey);
  expect(new Set(keys).size).toBe(others.length + 1);
  for (const key of keys) expect(key).toMatch(/^lp1-[a-z2-7]{26}$/);
});

test("a submit key is the same however its options are written down", () => {
  const options = { seed: 5, dynamicalDecoupling: undefined, precision: 0.1 };
  expect(submitKey({ ...subject, options })).toBe(submitKey(subject));
});

test("the hash of PUBs tells apart all that is sent, and their circuits' hash all but the values", () => {
  const circuit = Circuit.build(2, (c) => c.rx(input("x"), 0));
  const [z, y] = [SparsePauliOp.parse("ZI"), SparsePauliOp.parse("IY")];
  const values = [[0.3], [1.1]];
  const hashed = (...pubs: readonly EstimatorPub[]) => hashPubs(pubs, 0.1);
  const whole = hashed([circuit, [[z], [y]], values]);
  const others: readonly (readonly EstimatorPub[])[] = [
    [[Circuit.build(2, (c) => c.ry(input("x"), 0)), [[z], [y]], values]],
    [[circuit, [[z], [z]], values]],
    [[circuit, [[y], [z]], values]],
    [[circuit, [z, y], values]],
    [[circuit, [[z], [y], [z]], values]],
    [[circuit, [[z], [y], [y]], values]],
    [[circuit, [[z], [y]], values, 0.2]],
    [
      [circuit, [[z], [y]], values],
      [circuit, [[z], [y]], values],
    ],
  ];
  expect(new Set([whole, ...others.map((pubs) => hashed(...pubs))].map(({ hash }) => hash)).size).toBe(
    others.length + 1,
  );
  expect(new Set([whole, ...others.map((pubs) => hashed(...pubs))].map(({ circuits }) => circuits)).size).toBe(
    others.length + 1,
  );
  const moved = hashed([circuit, [[z], [y]], [[0.3], [1.2]]]);
  expect(moved.circuits).toBe(whole.circuits);
  expect(moved.hash).not.toBe(whole.hash);
});

test("the hash of PUBs is of their own values, wherever these lie in a buffer", () => {
  const circuit = Circuit.build(1, (c) => c.rx(input("x"), 0));
  const buffer = Float64Array.of(9, 0.3, 1.1, 9);
  const other = Float64Array.of(0.3, 1.1);
  const hash = (data: Float64Array) => hashPubs([[circuit, "Z", { shape: [2, 1], data }]], 0.1).hash;
  expect(hash(buffer.subarray(1, 3))).toBe(hash(other));
});
