/**
 * A program that drives one kept run: node killed-program.ts LEDGER ID, or without both a run that nobody keeps. Says each step
 * that is done, and at the end the digest of the weights.
 */
import { writeSync } from "node:fs";
import { minimize, openStore } from "../../src/index.ts";
import { writeSafetensors } from "../../src/runs/safetensors.ts";
import { killedBackend, killedRunSettings, minimisation, training, weightsDigest } from "./killed-run.ts";

/** What it says, a line of JSON each. */
export type Said = { readonly step: number } | { readonly weights: string; readonly value?: number };

// At once: what is buffered dies with the process.
const say = (said: Said): void => void writeSync(1, `${JSON.stringify(said)}\n`);

if (import.meta.main) {
  const [ledger, id] = process.argv.slice(2);
  const settings = killedRunSettings();
  const store = ledger === undefined ? undefined : await openStore(ledger);
  const kept = store === undefined || id === undefined ? {} : { store, id };
  const provider = await killedBackend(settings.service);
  if (settings.kind === "minimize") {
    const run = minimize({ ...minimisation(settings), provider, ...kept });
    if (settings.quiet !== true) for await (const { step } of run) say({ step });
    const { weights, value } = await run;
    const tensor = { dtype: "F64", shape: [weights.length], data: weights } as const;
    say({ weights: weightsDigest(writeSafetensors([["weights", tensor]])), value });
  } else {
    const { train } = await import("../../src/index.ts");
    const { exportWeights } = await import("../../src/models/tensorflow-safetensors.ts");
    const { model, data, options } = await training(settings);
    for await (const { step } of train(model, data, { ...options, provider, ...kept })) say({ step });
    say({ weights: weightsDigest(exportWeights(model)) });
  }
  await store?.close();
}
