import type { DemoOptions, DemoProgress, DemoRow } from "../../src/cli/demo.ts";
import { type BinaryProblem, drawSvg, printQasm3, qaoaProgram, Rng } from "../../src/index.ts";
import { demoRow, seedsOf } from "../application/measure.ts";
import type { ApplicationPart } from "../application/parts.ts";
import { type Answer, plannedSeconds, studyProblem } from "../application/problem-study.ts";
import { type Moments, momentsOf, performance, portfolioProblem } from "./portfolio.ts";
import { type PortfolioPoint, portfolioPicture } from "./portfolio-picture.ts";
import { type Prices, readPrices, splitInTime, withAssets } from "./prices.ts";
import { samplePrices } from "./sample-prices.ts";

/** Of 20 assets every seed offers 8, of which 4 are bought. */
const OFFERED = 8;
const CHOOSE = 4;
const RISK_AVERSION = 4;
/** The first days, by which is chosen. */
const SHARE = 0.6;
const SHOTS = 32;
const SAMPLE_SEED = 2018;

const LATER = ["return a year, later days", "volatility, later days"] as const;

interface Study {
  readonly problem: BinaryProblem;
  readonly answers: readonly Answer[];
  readonly earlier: Moments;
  readonly later: Moments;
  readonly points: readonly PortfolioPoint[];
}

/** Portfolios of a few of some assets, in as many choices of assets as there are seeds. */
export async function portfolioPart(options: DemoOptions, progress: DemoProgress): Promise<ApplicationPart> {
  const { quick, data } = options;
  const prices = data === undefined ? samplePrices(SAMPLE_SEED) : readPrices(data, OFFERED);
  const settings = { layers: quick ? [1, 2] : [1, 2, 3, 4], steps: options.steps ?? (quick ? 20 : 60), shots: SHOTS };
  const seeds = seedsOf(options);
  const studies: Study[] = [];
  for (const [i, seed] of seeds.entries())
    studies.push(
      await studyOf(prices, seed, settings, (layers) =>
        progress.update(`portfolio ${i + 1}/${seeds.length}`, layers, settings.layers.at(-1)!),
      ),
    );
  const planned = await plannedSeconds(studies[0]!.problem, settings);
  const rows = [...ratioRows(studies, planned), ...laterRows(studies)];
  const { circuit } = qaoaProgram(studies[0]!.problem);
  const origin =
    data === undefined
      ? "made-up prices (20 assets of five sectors by geometric Brownian motion; no real asset is meant)"
      : `prices from ${data.split(/[\\/]/).at(-1)}`;
  return {
    rows,
    pictures: [
      {
        name: "finance",
        caption: `All portfolios of ${CHOOSE} of ${OFFERED} assets, and what ${SHOTS} shots choose`,
        draw: (tools) =>
          portfolioPicture(tools, studies[0]!.points, { choose: CHOOSE, offered: OFFERED, shots: SHOTS }),
      },
    ],
    intro: `Portfolio: ${CHOOSE} of ${OFFERED} assets in equal parts, other assets for every seed, from ${origin}; chosen by return and covariance of the first ${100 * SHARE} % of the days with risk aversion ${RISK_AVERSION}, looked at again in the others.`,
    verdict: verdictOf(rows),
    limits: [
      `Portfolio: ${CHOOSE} of ${OFFERED} has 70 choices, which brute force lists in less than a millisecond. No advantage of a quantum computer is shown, and none is to be expected at this size.`,
      "Portfolio: the later days show only that what was chosen can be looked at later, in the right order of time. They say nothing about returns to expect: means of a few years are mostly noise, and there are no costs, taxes or limits here.",
      "Portfolio: constraints hold in every sample of an ideal circuit. On a device noise breaks them, as its row shows; samples that break them are thrown away.",
    ],
    files: { "portfolio-circuit.svg": drawSvg(circuit), "portfolio-circuit.qasm": printQasm3(circuit) },
    record: {
      portfolio: {
        riskAversion: RISK_AVERSION,
        instances: studies.map(({ problem, answers }, i) => ({
          seed: seeds[i],
          assets: problem.variables,
          chosen: Object.fromEntries(
            answers.map(({ model, samples }) => [
              model,
              samples.best === undefined ? null : problem.chosen(samples.best.bits),
            ]),
          ),
          samples: Object.fromEntries(
            answers.map(({ model, samples }) => [model, samples.samples.map(({ bits, count }) => [bits, count])]),
          ),
        })),
      },
    },
  };
}

async function studyOf(
  prices: Prices,
  seed: number,
  settings: { readonly layers: readonly number[]; readonly steps: number; readonly shots: number },
  onLayers: (layers: number) => void,
): Promise<Study> {
  const places = Rng.seed(seed).fork("assets").permutation(prices.assets.length).subarray(0, OFFERED);
  const [before, after] = splitInTime(
    withAssets(
      prices,
      [...places].sort((a, b) => a - b),
    ),
    SHARE,
  );
  const [earlier, later] = [momentsOf(before), momentsOf(after)];
  const problem = portfolioProblem(earlier, { choose: CHOOSE, riskAversion: RISK_AVERSION });
  const { exact, answers } = await studyProblem(problem, { ...settings, seed, onLayers }, [
    { model: "greedy, asset by asset", role: "reference", params: 0, solve: () => greedy(problem, CHOOSE) },
  ]);
  const deepest = answers.filter(({ role }) => role === "hybrid").at(-1)!;
  const counts = new Map(deepest.samples.samples.map(({ bits, count }) => [bits, count]));
  const points = Array.from(exact.feasible, (isFeasible, index) => {
    const bits = index.toString(2).padStart(OFFERED, "0");
    const shots = counts.get(bits) ?? 0;
    return { ...performance(earlier, problem.chosen(bits)), isFeasible, shots, isOptimum: exact.optima.includes(bits) };
  }).filter(({ isFeasible }) => isFeasible === 1);
  return { problem, answers, earlier, later, points };
}

/** Adds the asset that makes the value smallest, until there are enough. */
export function greedy(problem: BinaryProblem, choose: number): string {
  const bits = new Uint8Array(problem.numVariables);
  for (let taken = 0; taken < choose; taken++) {
    let best = -1;
    let lowest = Number.POSITIVE_INFINITY;
    for (let i = 0; i < bits.length; i++) {
      if (bits[i] === 1) continue;
      bits[i] = 1;
      const value = problem.value(bits);
      bits[i] = 0;
      if (value < lowest) [best, lowest] = [i, value];
    }
    bits[best] = 1;
  }
  return Array.from(bits).reverse().join("");
}

function ratioRows(studies: readonly Study[], planned: readonly number[]): readonly DemoRow[] {
  return studies[0]!.answers.map(({ model, role, params }, row) => {
    const quantumSeconds = role === "hybrid" ? planned[row] : undefined;
    return demoRow(
      {
        ...{ part: "portfolio", model, role, params, metric: `approximation ratio, best of ${SHOTS} shots` },
        ...(quantumSeconds === undefined ? {} : { quantumSeconds }),
      },
      studies.map(({ answers }) => {
        const { quality, seconds, cpuSeconds, circuitExecutions } = answers[row]!;
        const { bestRatio, meanRatio, optimumShare, feasibleShare } = quality;
        const also = { "mean of shots": meanRatio, "optimum share": optimumShare, "feasible share": feasibleShare };
        return { value: bestRatio, also, seconds, cpuSeconds, circuitExecutions };
      }),
    );
  });
}

/** How what was chosen fared later, and all assets in equal parts beside it. */
function laterRows(studies: readonly Study[]): readonly DemoRow[] {
  const part = "portfolio, in the later days";
  const chosen = studies[0]!.answers
    .map((_, row) => row)
    .filter((row) => {
      const { role, model } = studies[0]!.answers[row]!;
      return (
        role === "best classical" ||
        role === "without quantum" ||
        model.startsWith("greedy") ||
        row === deepestRow(studies)
      );
    });
  const figures = ({ yearly, volatility }: { yearly: number; volatility: number }) => ({
    value: yearly,
    also: { [LATER[1]]: volatility },
  });
  const rows = chosen.map((row) => {
    const { model, role, params } = studies[0]!.answers[row]!;
    return demoRow(
      { part, model, role, params, metric: LATER[0] },
      studies.map(({ problem, answers, later }) => {
        const { samples, seconds, cpuSeconds, circuitExecutions } = answers[row]!;
        return {
          ...figures(performance(later, problem.chosen(samples.best!.bits))),
          seconds,
          cpuSeconds,
          circuitExecutions,
        };
      }),
    );
  });
  const all = demoRow(
    { part, model: `all ${OFFERED} in equal parts`, role: "reference", params: 0, metric: LATER[0] },
    studies.map(({ problem, later }) => ({
      ...figures(performance(later, problem.variables)),
      seconds: 0,
      cpuSeconds: 0,
    })),
  );
  return [...rows, all];
}

const deepestRow = (studies: readonly Study[]): number =>
  studies[0]!.answers.findLastIndex(({ role }) => role === "hybrid");

function verdictOf(rows: readonly DemoRow[]): string {
  const ofRole = (role: string): DemoRow => rows.filter((row) => row.role === role && row.part === "portfolio").at(-1)!;
  const mean = (row: DemoRow): string => row.also![0]!.value.toFixed(3);
  const hybrid = ofRole("hybrid");
  return `Portfolio: shots of ${hybrid.model} have a mean approximation ratio of ${mean(hybrid)}, uniform draws under the same constraint ${mean(ofRole("without quantum"))}, a classical sampler of ${ofRole("equal parameters").params} parameters ${mean(ofRole("equal parameters"))}, and brute force, like simulated annealing, has the best choice outright.`;
}
