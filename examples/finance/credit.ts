/** Credit risk: who will not pay back, from what is known of the loan and the household; who somebody is stays out of it. */
import "@tensorflow/tfjs-backend-cpu";
import {
  columns,
  kFold,
  minMax,
  numbersOf,
  oneHotEncoding,
  pca,
  readCsv,
  selectRows,
  splitByNames,
  standardise,
  type Table,
  textsOf,
} from "../../src/data/index.ts";
import { connection, engine, type LeptonEngine, perception, type QuantumLayer, quantumLayer } from "../../src/index.ts";

export type Applicants = Readonly<Record<"train" | "test", Table>>;

const NUMBERS = [
  "duration_in_month",
  "credit_amount",
  "installment_rate_in_percentage_of_disposable_income",
  "present_residence_since",
  "number_of_existing_credits_at_this_bank",
  "number_of_people_being_liable_to_provide_maintenance_for",
];
const CATEGORIES = [
  "status_of_existing_checking_account",
  "credit_history",
  "purpose",
  "savings_account_and_bonds",
  "present_employment_since",
  "other_debtors_or_guarantors",
  "property",
  "other_installment_plans",
  "housing",
  "job",
  "telephone",
];

/** 1,000 loans; label 1 is a bad one. Sex, age and origin are in the table and in no feature: they only tell the groups of the test rows. */
export function loadApplicants(): Applicants {
  const table = readCsv(new URL("./german-credit.csv", import.meta.url));
  return splitByNames(table, textsOf(table, "split"), ["train", "test"]);
}

/** By attribute the group of each row, to compare by; sex and origin as they are recorded, which is doubtful. */
export function groupsOf(rows: Table): Readonly<Record<string, readonly string[]>> {
  return {
    sex: textsOf(rows, "personal_status_and_sex").map((status) => status.split(" : ")[0]!),
    age: Array.from(numbersOf(rows, "age_in_years"), (years) => (years <= 25 ? "25 or younger" : "above 25")),
    "foreign worker": textsOf(rows, "foreign_worker"),
  };
}

/** Numbers standardised, categories one-hot. A category that no training row has is none of them. */
export const features = columns({
  target: "label",
  number: [{ columns: NUMBERS, transform: standardise() }],
  categorical: [{ columns: CATEGORIES, encoding: oneHotEncoding({ unknown: "zeros" }) }],
});

/** One feature a qubit as an angle, and two strongly entangling layers that start near doing nothing. */
const circuit = (qubits: number, seed: number): QuantumLayer =>
  quantumLayer({
    qubits,
    perception: perception.angle({ rotation: "Y" }),
    connection: connection.stronglyEntangling({ layers: 2 }),
    initializer: { type: "gaussian", std: 0.1 },
    seed,
  });

/** Of so many qubits; a trained layer in front brings the features to as many angles, and a softmax follows. */
export function creditModel(data: Applicants, steps: number, seed: number, qubits = 5): LeptonEngine<Table> {
  return engine({
    name: "credit",
    data,
    features,
    quantum: { layer: circuit(qubits, seed), bottleneck: true },
    optimize: { learningRate: 0.02, steps, batchSize: 32 },
    seed,
  });
}

/** The same on principal components, which are found without a look at the labels, in place of the trained layer. */
export function componentModel(data: Applicants, steps: number, seed: number, qubits = 6): LeptonEngine<Table> {
  return creditModel(data, steps, seed).with({
    features: [features, pca({ numComponents: qubits }), minMax({ range: [-Math.PI / 2, Math.PI / 2] })],
    quantum: circuit(qubits, seed),
    optimize: { learningRate: 0.05, steps, batchSize: 32 },
  });
}

/** The number of training steps with the best mean AUC over folds of the training rows: more of them and the models learn by heart. */
export async function chooseSteps(
  { train }: Applicants,
  build: (data: Applicants, steps: number) => LeptonEngine<Table>,
  { steps, folds, seed }: { readonly steps: readonly number[]; readonly folds: number; readonly seed: number },
): Promise<{ readonly steps: number; readonly auc: number }> {
  const parts = kFold(train, { folds, seed, stratified: numbersOf(train, "label") });
  let best = { steps: steps[0]!, auc: -1 };
  for (const candidate of steps) {
    let auc = 0;
    for (const part of parts) {
      const model = build(
        { train: selectRows(train, part.train), test: selectRows(train, part.validation) },
        candidate,
      );
      await model.train();
      auc += (await model.evaluate("test")).metrics.auc! / folds;
      model.dispose();
    }
    if (auc > best.auc) best = { steps: candidate, auc };
  }
  return best;
}
