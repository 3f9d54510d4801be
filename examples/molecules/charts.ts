import { COLOURS, figure, INK, MUTED } from "../application/figure.ts";
import { stacked } from "../application/stacked.ts";
import type { PictureTools } from "../picture-tools.ts";
import { CHEMICAL_ACCURACY, type Curve } from "./curve.ts";

const WIDTH = 1000;
const MODELS = ["exact", "VQE", "Hartree-Fock"] as const;
const [VQE, EXACT, HARTREE_FOCK] = COLOURS;

/** All curves above their exact minimum, and below them how far VQE and Hartree-Fock are from exact. */
export function curvesPicture(tools: PictureTools, curves: readonly Curve[]): string {
  const { Plot } = tools;
  const rows = curves.flatMap(({ system, points }) => {
    const lowest = Math.min(...points.map(({ exact }) => exact));
    return points.flatMap(({ bond, exact, vqe, hartreeFock }) =>
      [exact, vqe, hartreeFock].map((energy, i) => ({
        system: system.name,
        bond,
        model: MODELS[i]!,
        above: energy - lowest,
        // Below this all is rounding.
        error: Math.max(Math.abs(energy - exact), 1e-14),
      })),
    );
  });
  const of = (...models: readonly string[]) => rows.filter(({ model }) => models.includes(model));
  const common = {
    width: WIDTH,
    marginLeft: 62,
    marginRight: 24,
    fx: { label: null, domain: curves.map(({ system }) => system.name), padding: 0.12 },
    x: { label: null, ticks: 4 },
    color: { domain: [...MODELS], range: [EXACT, VQE, HARTREE_FOCK] },
  };
  const dots = (data: typeof rows, y: "above" | "error") =>
    Plot.dot(data, { fx: "system", x: "bond", y, fill: "model", r: 3.2 });
  const line = (data: typeof rows, y: "above" | "error", dash?: string) =>
    Plot.line(data, {
      ...{ fx: "system", x: "bond", y, stroke: "model", strokeWidth: 2 },
      ...(dash === undefined ? {} : { strokeDasharray: dash }),
    });
  const top = figure(tools, "Potential curves in STO-3G", "energy above the exact minimum, hartree", {
    ...common,
    height: 400,
    marginTop: 116,
    marginBottom: 34,
    y: { label: null, domain: [0, 0.7], grid: true },
    marks: [
      Plot.ruleY([0], { stroke: "#94a3b8" }),
      Plot.frame({ stroke: "#e2e8f0" }),
      line(
        of("exact", "Hartree-Fock").filter(({ above }) => above <= 0.7),
        "above",
      ),
      dots(
        of("VQE").filter(({ above }) => above <= 0.7),
        "above",
      ),
      ...MODELS.map((model, i) =>
        Plot.text([model === "VQE" ? "● VQE" : `— ${model}`], {
          frameAnchor: "top-left",
          facet: "super",
          dx: 480 + [0, 90, 170][i]!,
          dy: -68,
          fontSize: 14,
          fontWeight: 600,
          fill: [EXACT, VQE, HARTREE_FOCK][i]!,
        }),
      ),
    ],
  });
  const bottom = figure(tools, "Errors", "distance from the exact energy of the same active space, hartree", {
    ...common,
    height: 380,
    marginTop: 84,
    marginBottom: 56,
    y: { label: null, type: "log", domain: [1e-14, 1], grid: true, ticks: 7, tickFormat: "~e" },
    marks: [
      Plot.frame({ stroke: "#e2e8f0" }),
      Plot.ruleY([CHEMICAL_ACCURACY], { stroke: INK, strokeDasharray: "4 3" }),
      Plot.text([{ system: curves[0]!.system.name, y: CHEMICAL_ACCURACY }], {
        ...{ fx: "system", y: "y", frameAnchor: "left", dx: 6, dy: -8, fill: INK, fontSize: 12 },
        text: () => "chemical accuracy, 1.6e-3",
        textAnchor: "start",
      }),
      line(of("Hartree-Fock"), "error"),
      dots(of("VQE"), "error"),
      Plot.text(["bond length, angstrom"], {
        frameAnchor: "bottom",
        facet: "super",
        dy: 44,
        fontSize: 13,
        fill: MUTED,
      }),
    ],
  });
  return stacked([top, bottom]);
}
