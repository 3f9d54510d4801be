import type { Rng } from "../../rng.ts";
import type { Effort } from "../compiled-circuit.ts";
import type { Coupling } from "./coupling.ts";
import type { Dag } from "./dag.ts";
import { Router, type RouteWeights } from "./router.ts";
import type { StartLayouts } from "./start-layouts.ts";

/** How many layouts to start from, how often each is refined forwards and backwards, and steps of local search at the end. */
const TRIALS = [
  { starts: 1, rounds: 1, refinements: 0 },
  { starts: 14, rounds: 2, refinements: 20 },
  { starts: 30, rounds: 3, refinements: 80 },
  { starts: 80, rounds: 4, refinements: 400 },
] as const;

const WEIGHTS: readonly RouteWeights[] = [
  { lookahead: 0.5, falloff: 0.7, expense: 0.6, decay: 0.01, horizon: 20, exponent: 1, noise: 0 },
  { lookahead: 0.8, falloff: 0.8, expense: 0.9, decay: 0.01, horizon: 30, exponent: 0.6, noise: 0 },
  { lookahead: 0.3, falloff: 0.6, expense: 0.4, decay: 0.02, horizon: 12, exponent: 0.4, noise: 0 },
  { lookahead: 1, falloff: 0.5, expense: 0.75, decay: 0.005, horizon: 20, exponent: 0.8, noise: 0 },
];

export interface SabreResult {
  /** Holds the recorded route. */
  readonly router: Router;
  readonly layout: Int32Array;
  readonly cost: number;
}

/** The best route from a given layout. */
export function routeOnly(dag: Dag, coupling: Coupling, layout: Int32Array, effort: Effort, rng: Rng): SabreResult {
  const router = new Router(dag, coupling);
  const trials = [1, 4, 16, 48][effort]!;
  let best = Number.POSITIVE_INFINITY;
  let bestTrial = 0;
  for (let trial = 0; trial < trials; trial++) {
    const cost = router.route(layout, false, WEIGHTS[trial % WEIGHTS.length]!, rng.fork("route", trial), false, best);
    if (cost < best) {
      best = cost;
      bestTrial = trial;
    }
  }
  const weights = WEIGHTS[bestTrial % WEIGHTS.length]!;
  const cost = router.route(layout, false, weights, rng.fork("route", bestTrial), true);
  return { router, layout, cost };
}

/**
 * Layout and routing by SABRE: each start is routed to the end and back again, so that its layout comes to suit both; the
 * route with the fewest entanglers of all is kept.
 */
export function layoutAndRoute(
  dag: Dag,
  coupling: Coupling,
  starts: StartLayouts,
  effort: Effort,
  rng: Rng,
): SabreResult {
  const router = new Router(dag, coupling);
  const { starts: numStarts, rounds, refinements } = TRIALS[effort];
  let best: Trial = {
    cost: Number.POSITIVE_INFINITY,
    layout: starts.greedy(rng, 0),
    weights: WEIGHTS[0]!,
    path: ["first"],
  };
  const attempt = (
    layout: Int32Array,
    weights: RouteWeights,
    path: readonly (string | number)[],
    limit: number,
  ): Trial => {
    const cost = router.route(layout, false, weights, rng.fork(...path), false, limit);
    const trial = { cost, layout, weights, path };
    if (cost < best.cost) best = trial;
    return trial;
  };
  for (let start = 0; start < numStarts; start++) {
    const draw = rng.fork("layout", start);
    let layout = startLayout(starts, start, draw);
    for (let round = 0; round < rounds; round++) {
      const weights = start < WEIGHTS.length ? WEIGHTS[start]! : drawWeights(draw);
      const last = round + 1 === rounds;
      attempt(layout, weights, ["start", start, round], last ? best.cost : Number.POSITIVE_INFINITY);
      if (last) break;
      router.route(router.places.slice(), true, weights, rng.fork("back", start, round), false);
      layout = router.places.slice();
    }
  }
  // From the best one on: small changes of its layout, kept as long as they do no harm.
  let current = best;
  for (let step = 0; step < refinements; step++) {
    const draw = rng.fork("refine", step);
    const layout = current.layout.slice();
    nudge(layout, coupling, draw);
    const trial = attempt(layout, drawWeights(draw), ["refined", step], current.cost + 1);
    if (trial.cost <= current.cost) current = trial;
  }
  const cost = router.route(best.layout, false, best.weights, rng.fork(...best.path), true);
  return { router, layout: best.layout, cost };
}

/** Layouts of several kinds take turns; the first few are without chance. */
function startLayout(starts: StartLayouts, index: number, rng: Rng): Int32Array {
  const special = index === 1 ? starts.trivial() : index % 8 === 2 ? starts.path(rng, index === 2) : undefined;
  if (special !== undefined) return special;
  if (index % 4 === 3) return starts.ball(rng, 1 + 0.5 * rng.uniform());
  return starts.greedy(rng, index === 0 ? 0 : 0.6 * rng.uniform());
}

interface Trial {
  readonly cost: number;
  readonly layout: Int32Array;
  readonly weights: RouteWeights;
  /** Names the random numbers of its route. */
  readonly path: readonly (string | number)[];
}

const EXPONENTS = [0.4, 0.6, 0.8, 1] as const;

function drawWeights(rng: Rng): RouteWeights {
  return {
    lookahead: 0.2 + rng.uniform(),
    falloff: 0.4 + 0.5 * rng.uniform(),
    expense: 0.2 + 0.8 * rng.uniform(),
    decay: 0.002 + 0.02 * rng.uniform(),
    horizon: 8 + rng.integer(28),
    exponent: EXPONENTS[rng.integer(EXPONENTS.length)]!,
    noise: 0.6 * rng.uniform(),
  };
}

/** Moves one or two qubits to neighbouring places, changing places with whoever is there. */
function nudge(layout: Int32Array, coupling: Coupling, rng: Rng): void {
  for (let move = rng.integer(2); move >= 0; move--) {
    const qubit = rng.integer(layout.length);
    const place = layout[qubit]!;
    const degree = coupling.start[place + 1]! - coupling.start[place]!;
    if (degree === 0) continue;
    const other = coupling.to[coupling.start[place]! + rng.integer(degree)]!;
    const displaced = layout.indexOf(other);
    layout[qubit] = other;
    if (displaced !== -1) layout[displaced] = place;
  }
}
