import type { Demo } from "../src/cli/demo.ts";

/** All applications that `lepton demo` knows. */
export const DEMOS: readonly Demo[] = [
  {
    name: "digits",
    summary: "handwritten digits: a hybrid model beside the same without its circuit and two classical ones",
    takes: ["hardware"],
    load: () => import("./digits/run.ts"),
  },
  {
    name: "finance",
    summary: "portfolios by QAOA (--data PRICES.csv for prices of your own), and credit risk with a fairness report",
    takes: ["data"],
    load: () => import("./finance/run.ts"),
  },
  {
    name: "manufacturing",
    summary: "job-shop schedules by QAOA, failure prediction, and anomalies by a quantum autoencoder",
    load: () => import("./manufacturing/run.ts"),
  },
  {
    name: "images",
    summary: "handwritten digits: a bottleneck of 4 and 8 qubits, and a circuit on every patch (quanvolution)",
    load: () => import("./images/run.ts"),
  },
  {
    name: "medicine",
    summary: "breast cancer: a variational classifier and a quantum kernel, with calibration, beside classical ones",
    load: () => import("./medicine/run.ts"),
  },
  {
    name: "materials",
    summary: "phases of spin and Hubbard chains by variational circuits, beside classical states and exact",
    load: () => import("./materials/run.ts"),
  },
  {
    name: "molecules",
    summary: "potential curves of H2, LiH and H2O by VQE, and how well molecules dissolve, beside classical methods",
    load: () => import("./molecules/run.ts"),
  },
];
