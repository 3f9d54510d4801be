import { expect, test } from "vitest";
import { loadTumours } from "../../examples/medicine/medicine.ts";

test("each seed splits all tumours anew, with the malignant ones' share in both parts", () => {
  const { train, test: rows } = loadTumours(0);
  expect([train.numRows, rows.numRows]).toEqual([398, 171]);
  const malignant = (y: Float64Array) => y.reduce((sum, label) => sum + label, 0);
  expect([malignant(train.y), malignant(rows.y)]).toEqual([148, 64]);
  expect(rows.classes).toEqual(["benign", "malignant"]);
  expect(rows.featureNames).toHaveLength(30);
  expect(loadTumours(1).test.x).not.toEqual(rows.x);
});
