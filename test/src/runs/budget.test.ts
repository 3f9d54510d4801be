import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BudgetError } from "../../../src/errors.ts";
import {
  type Amount,
  amountText,
  type Budget,
  type BudgetLimits,
  checkBudget,
  checkBudgetPrice,
  dayEnd,
  dayOf,
  exact,
  formatBudget,
  grantOf,
  parseBudget,
  type ReservationRequest,
  scopesOf,
  scopeText,
} from "../../../src/runs/index.ts";
import { BudgetModel, millionths } from "../../support/budget-model.ts";

/** Whole millionths, as amounts are kept. */
const amount = (max: number) => fc.integer({ min: 0, max: max * 1e6 }).map((value) => value / 1e6);
const limits = fc.record(
  { quantumSeconds: amount(1e6), jobs: fc.integer({ min: 0, max: 1e6 }), money: amount(1e6) },
  { requiredKeys: [] },
);
const budgets: fc.Arbitrary<Budget> = fc
  .tuple(limits, limits, fc.constantFrom("USD", "EUR", "JPY"))
  .map(([own, perDay, currency]) => ({
    ...own,
    ...(own.money === undefined && perDay.money === undefined ? {} : { currency }),
    ...(Object.keys(perDay).length === 0 ? {} : { perDay }),
  }));
const codeOf = (action: () => unknown): string => {
  try {
    action();
  } catch (error) {
    if (error instanceof BudgetError) return error.code;
    throw error;
  }
  return "none";
};

describe("parseBudget", () => {
  test.each<[string, Budget]>([
    ["60s", { quantumSeconds: 60 }],
    ["60 seconds", { quantumSeconds: 60 }],
    ["10min", { quantumSeconds: 600 }],
    ["1.5h", { quantumSeconds: 5400 }],
    [".5 s", { quantumSeconds: 0.5 }],
    ["1e2 s", { quantumSeconds: 100 }],
    ["0s", { quantumSeconds: 0 }],
    ["25 USD", { money: 25, currency: "USD" }],
    ["200 jobs", { jobs: 200 }],
    ["1job", { jobs: 1 }],
    ["60s, 20 jobs", { quantumSeconds: 60, jobs: 20 }],
    ["60s/day", { perDay: { quantumSeconds: 60 } }],
    ["60s per day", { perDay: { quantumSeconds: 60 } }],
    [
      "10min,25 EUR, 60 s / day,3 EUR/day",
      { quantumSeconds: 600, money: 25, currency: "EUR", perDay: { quantumSeconds: 60, money: 3 } },
    ],
    ["unlimited", {}],
  ])("reads %s", (text, budget) => {
    expect(parseBudget(text)).toEqual(budget);
  });

  test("reads what formatBudget writes", () => {
    fc.assert(
      fc.property(budgets, (budget) => {
        expect(parseBudget(formatBudget(budget))).toEqual(budget);
        expect(parseBudget(budget)).toEqual(budget);
      }),
    );
  });

  test.each<[unknown, string, RegExp]>([
    ["60", "BUDGET_UNIT", /"60s".*"60 jobs".*"60 USD"/],
    [60, "BUDGET_UNIT", /"60s"/],
    ["60s, 5", "BUDGET_UNIT", /has 5 without a unit/],
    ["1,000s", "BUDGET_UNIT", /no commas/],
    [{ money: 25 }, "BUDGET_UNIT", /currency: "USD"/],
    ["60m", "BUDGET_FORM", /Minutes are "min"/],
    ["60 S", "BUDGET_FORM", /Is s meant\?/],
    ["25 usd", "BUDGET_FORM", /Is USD meant\?/],
    ["25 XYZ", "BUDGET_FORM", /"XYZ" is no unit/],
    ["5 constructor", "BUDGET_FORM", /"constructor" is no unit/],
    ["-5s", "BUDGET_FORM", /below 0/],
    ["60s, 1min", "BUDGET_FORM", /limits seconds twice/],
    ["1 USD/day, 2 USD/day", "BUDGET_FORM", /limits money a day twice/],
    ["25 USD, 3 EUR/day", "BUDGET_FORM", /two currencies, USD and EUR/],
    ["", "BUDGET_FORM", /nothing in it/],
    ["60s,", "BUDGET_FORM", /beside one of its commas/],
    ["sixty", "BUDGET_FORM", /"sixty"/],
    ["60s/week", "BUDGET_FORM", /"60s\/week"/],
    ["2.5 jobs", "BUDGET_FORM", /whole/],
    ["1e12 s", "BUDGET_FORM", /1000000000/],
    [null, "BUDGET_FORM", /null/],
    [["60s"], "BUDGET_FORM", /list/],
    [{ seconds: 60 }, "BUDGET_FORM", /no option "seconds"/],
    [{ quantumSeconds: "60" }, "BUDGET_FORM", /string 60/],
    [{ quantumSeconds: Number.NaN }, "BUDGET_FORM", /NaN/],
    [{ perDay: { perDay: {} } }, "BUDGET_FORM", /budget\.perDay has no option/],
    [{ perDay: 60 }, "BUDGET_FORM", /budget\.perDay/],
    [{ currency: "USD" }, "BUDGET_FORM", /no money/],
    [{ money: 5, currency: "dollars" }, "BUDGET_FORM", /dollars/],
  ])("refuses %j with %s", (budget, code, words) => {
    expect(codeOf(() => parseBudget(budget as string))).toBe(code);
    expect(() => parseBudget(budget as string)).toThrow(words);
  });

  test("amounts in messages name what is given", () => {
    expect(amountText({ quantumSeconds: 12.5, money: 0, jobs: 1 })).toBe("12.5 s, 1 job");
    expect(amountText({ quantumSeconds: 0.1 + 0.2, money: 20, jobs: 3 }, "USD")).toBe("0.3 s, 20 USD, 3 jobs");
    expect(amountText({})).toBe("nothing");
  });
});

describe("exact", () => {
  test("thousands of amounts come and go without a trace, in any order", () => {
    fc.assert(
      fc.property(fc.array(amount(1e3), { minLength: 1, maxLength: 2000 }), fc.integer(), (amounts, seed) => {
        let total = 0;
        for (const value of amounts) total = exact(total + value);
        expect(total).toBe(Number(amounts.reduce((sum, value) => sum + millionths(value), 0n)) / 1e6);
        const order = amounts.toSorted((a, b) => Math.sin(a * seed) - Math.sin(b * seed));
        for (const value of order) total = exact(total - value);
        expect(total).toBe(0);
      }),
      { numRuns: 30 },
    );
  });
});

describe("grantOf", () => {
  const scopes = ["run:a", "schedule:b", "day:run:a:2026-11-26"];
  const small = fc.record(
    {
      quantumSeconds: amount(60),
      money: amount(60),
      jobs: fc.integer({ min: 0, max: 8 }),
    },
    { requiredKeys: [] },
  );
  const requests = fc.record({
    key: fc.integer({ min: 0, max: 15 }).map(String),
    which: fc.subarray(scopes, { minLength: 1 }),
    needSeconds: amount(12),
    capSeconds: amount(30),
    jobs: fc.integer({ min: 0, max: 3 }),
  });
  const prices = fc.constantFrom(0, 0.1, 0.7, 1.6, 0.000003, 2.345678);

  test("grants as a model that tries second after second, and no scope is ever over its limit", () => {
    fc.assert(
      fc.property(
        fc.tuple(small, small, small),
        prices,
        fc.array(fc.tuple(requests, fc.double({ min: 0, max: 1, noNaN: true }), fc.boolean()), { maxLength: 25 }),
        (given, perSecond, events) => {
          const of = new Map<string, BudgetLimits>(scopes.map((scope, index) => [scope, given[index]!]));
          const model = new BudgetModel();
          const known = new Set<string>();
          for (const [{ which, ...rest }, part, settles] of events) {
            if (known.has(rest.key)) continue;
            const request: ReservationRequest = {
              ...rest,
              perSecond,
              scopes: which.map((scope) => ({ scope, limits: of.get(scope)! })),
            };
            const grant = grantOf(
              request,
              which.map((scope) => model.totals(scope)),
            );
            const expected = model.reserve(request);
            if ("denied" in grant) {
              expect(expected.seconds).toBeUndefined();
              expect(grant.maySettle).toBe(expected.maySettle);
              expect(grant.totals).toEqual(model.totals(grant.denied.scope));
              continue;
            }
            known.add(rest.key);
            const { quantumSeconds, money, jobs } = grant.granted;
            expect(quantumSeconds).toBe(expected.seconds);
            expect(Number.isInteger(quantumSeconds)).toBe(true);
            expect(quantumSeconds).toBeGreaterThanOrEqual(request.needSeconds);
            expect(quantumSeconds).toBeLessThanOrEqual(Math.max(Math.ceil(request.needSeconds), request.capSeconds));
            expect(money).toBe(exact(quantumSeconds * perSecond));
            expect(jobs).toBe(request.jobs);
            const charge = exact(quantumSeconds * part);
            if (settles)
              model.settle(rest.key, which, { quantumSeconds: charge, money: exact(charge * perSecond), jobs });
            for (const [scope, limit] of of) {
              const { settled, reserved } = model.totals(scope);
              for (const unit of Object.keys(limit) as (keyof Amount)[])
                expect(exact(settled[unit] + reserved[unit])).toBeLessThanOrEqual(limit[unit]!);
            }
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  const request = (more: Partial<ReservationRequest>): ReservationRequest => ({
    key: "k",
    scopes: [],
    needSeconds: 2,
    capSeconds: 10,
    jobs: 1,
    perSecond: 0,
    ...more,
  });
  const none = { quantumSeconds: 0, money: 0, jobs: 0 };

  test("money that is a whole number of seconds buys them all, however it is rounded", () => {
    const scopes = [{ scope: "run:a:USD", limits: { money: 0.3 } }];
    // 0.3 / 0.1 is 2.9999999999999996, and 3 * 0.1 is 0.30000000000000004.
    expect(grantOf(request({ scopes, perSecond: 0.1 }), [{ settled: none, reserved: none }])).toEqual({
      granted: { quantumSeconds: 3, money: 0.3, jobs: 1 },
    });
  });

  test("a scope that stays too small is named, not one that is to be waited for", () => {
    const scopes = [
      { scope: "run:a", limits: { quantumSeconds: 10 } },
      { scope: "schedule:b", limits: { jobs: 1 } },
    ];
    const busy = { settled: none, reserved: { quantumSeconds: 9, money: 0, jobs: 1 } };
    const spent = { settled: { quantumSeconds: 1, money: 0, jobs: 1 }, reserved: none };
    expect(grantOf(request({ scopes }), [busy, spent])).toEqual({
      denied: scopes[1],
      totals: spent,
      maySettle: false,
    });
    expect(grantOf(request({ scopes }), [busy, busy])).toEqual({ denied: scopes[0], totals: busy, maySettle: true });
  });

  test("more charged than was allowed leaves nothing, also for a job that needs nothing", () => {
    const scopes = [{ scope: "run:a", limits: { quantumSeconds: 10 } }];
    const over = { settled: { quantumSeconds: 10.5, money: 0, jobs: 1 }, reserved: none };
    expect(grantOf(request({ scopes, needSeconds: 0 }), [over])).toMatchObject({ maySettle: false });
  });
});

describe("scopesOf", () => {
  const noon = Date.UTC(2026, 10, 26, 12);

  test("a run and its schedule, for all time and for the day", () => {
    const schedule = { id: "nightly", budget: parseBudget("1h, 60s/day") };
    expect(scopesOf("digits-1", parseBudget("10min, 20 jobs"), noon, { schedule })).toEqual([
      { scope: "run:digits-1", limits: { quantumSeconds: 600, jobs: 20 } },
      { scope: "day:run:digits-1:2026-11-26", limits: {} },
      { scope: "schedule:nightly", limits: { quantumSeconds: 3600 } },
      { scope: "day:schedule:nightly:2026-11-26", limits: { quantumSeconds: 60 } },
    ]);
    expect(scopesOf("digits-1", undefined, noon).map(({ scope }) => scope)).toEqual([
      "run:digits-1",
      "day:run:digits-1:2026-11-26",
    ]);
  });

  test("money is added up by currency", () => {
    const price = { perSecond: 1.6, currency: "USD" };
    expect(scopesOf("a", parseBudget("60s, 25 USD, 3 USD/day"), noon, { price })).toEqual([
      { scope: "run:a", limits: { quantumSeconds: 60 } },
      { scope: "run:a:USD", limits: { money: 25 }, currency: "USD" },
      { scope: "day:run:a:2026-11-26", limits: {} },
      { scope: "day:run:a:2026-11-26:USD", limits: { money: 3 }, currency: "USD" },
    ]);
  });

  test("money is not limited without a price in its currency", () => {
    const budget = parseBudget("25 USD");
    expect(codeOf(() => checkBudgetPrice(budget, undefined))).toBe("BUDGET_PRICE");
    expect(() => checkBudgetPrice(budget, undefined)).toThrow(/price: \{ perSecond: 1.6, currency: "USD" \}/);
    expect(() => scopesOf("a", budget, noon, { price: { perSecond: 1, currency: "EUR" } })).toThrow(/in USD.*in EUR/);
    expect(codeOf(() => checkBudgetPrice(budget, { perSecond: 0, currency: "USD" }))).toBe("none");
    expect(codeOf(() => checkBudgetPrice(parseBudget("60s"), undefined))).toBe("none");
  });

  test("a day is that of its time zone, also when clocks are changed", () => {
    // In Berlin 25 October 2026 has 25 hours and 29 March 23; on Lord Howe Island clocks move by half an hour.
    for (const [zone, from, hours] of [
      ["UTC", Date.UTC(2026, 9, 25), 24],
      ["Europe/Berlin", Date.UTC(2026, 9, 24, 22), 25],
      ["Europe/Berlin", Date.UTC(2026, 2, 28, 23), 23],
      ["Australia/Lord_Howe", Date.UTC(2026, 3, 4, 13), 24.5],
    ] as const) {
      expect(dayOf(from, zone)).not.toBe(dayOf(from - 1, zone));
      expect(dayEnd(from, zone)).toBe(from + hours * 3_600_000);
      expect(dayEnd(from + 12 * 3_600_000 + 0.25, zone)).toBe(from + hours * 3_600_000);
      expect(dayOf(from + hours * 3_600_000 - 1, zone)).toBe(dayOf(from, zone));
    }
    expect(scopesOf("a", undefined, Date.UTC(2026, 10, 26, 23, 30), { timeZone: "Europe/Berlin" })[1]!.scope).toBe(
      "day:run:a:2026-11-27",
    );
  });

  test("scopes in words", () => {
    const words = scopesOf("a", undefined, noon, {
      price: { perSecond: 1, currency: "USD" },
      schedule: { id: "nightly" },
    }).map(scopeText);
    expect([...new Set(words)]).toEqual([
      "run a",
      "run a on 2026-11-26",
      "schedule nightly",
      "schedule nightly on 2026-11-26",
    ]);
  });
});

test("checkBudget leaves out what is undefined and keeps millionths", () => {
  expect(checkBudget({ quantumSeconds: 0.1 + 0.2, jobs: undefined, perDay: { money: undefined } })).toEqual({
    quantumSeconds: 0.3,
  });
});
