import type { Demo } from "../src/cli/demo.ts";

/** All applications that `lepton demo` knows. */
export const DEMOS: readonly Demo[] = [
  {
    name: "digits",
    summary: "handwritten digits: a hybrid model beside the same without its circuit and two classical ones",
    load: () => import("./digits/run.ts"),
  },
];
