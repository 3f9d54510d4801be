import { Circuit, type CircuitJSON } from "../../circuits/index.ts";
import { type Features, type FittedTransform, type TransformJSON, transformFromJSON } from "../data/index.ts";
import { KernelError } from "../errors.ts";
import { type QuantumKernel, type QuantumKernelOptions, quantumKernel } from "./quantum-kernel.ts";
import {
  type SupportVectorClassifier,
  type SupportVectorOptions,
  supportVectorClassifier,
} from "./support-vector-classifier.ts";

export interface FittedEncoderJSON {
  readonly format: "lepton-encoder@1";
  readonly featureMap: string;
  readonly circuit: CircuitJSON;
  readonly transform: TransformJSON;
  readonly C: number;
}

/** Where and how often a kernel's circuits run. */
export type KernelPlace = Pick<QuantumKernelOptions, "provider" | "shots" | "seed">;

/** An encoding of rows as states, fitted to training rows: what becomes of a row's features, and the circuit they are angles of. */
export class FittedEncoder {
  /** The name of the feature map among the candidates. */
  readonly featureMap: string;
  /** The feature map; also a `perception` of a quantum layer of `qubits` qubits. */
  readonly circuit: Circuit;
  readonly qubits: number;
  /** From a row's features to the circuit's inputs. */
  readonly transform: FittedTransform;
  /** The value that was chosen with it. */
  readonly C: number;

  /** @internal Use `fitEncoding`. */
  constructor(featureMap: string, circuit: Circuit, transform: FittedTransform, C: number) {
    this.featureMap = featureMap;
    this.circuit = circuit;
    this.qubits = circuit.numQubits;
    this.transform = transform;
    this.C = C;
    Object.freeze(this);
  }

  /** The same rows with the circuit's inputs as features [n, inputs], radians. @throws DataError DATA_SHAPE, DATA_NOT_FINITE */
  encode<Source extends Features>(rows: Source): Source {
    return this.transform.transform(rows);
  }

  /** The fidelity kernel of encoded rows. @throws as `quantumKernel` */
  kernel(place: KernelPlace = {}): QuantumKernel {
    return quantumKernel({ circuit: this.circuit, ...place });
  }

  /** A classifier of encoded rows with the kernel and the C that were chosen. @throws as `supportVectorClassifier` */
  classifier(
    options: Omit<SupportVectorOptions, "kernel" | "C"> & { readonly place?: KernelPlace } = {},
  ): SupportVectorClassifier {
    const { place, ...settings } = options;
    return supportVectorClassifier({ ...settings, kernel: this.kernel(place), C: this.C });
  }

  toJSON(): FittedEncoderJSON {
    return {
      format: "lepton-encoder@1",
      featureMap: this.featureMap,
      circuit: this.circuit.toJSON(),
      transform: this.transform.toJSON(),
      C: this.C,
    };
  }

  /** @throws KernelError KERNEL_JSON; DataError TRANSFORM_JSON; CircuitError CIRCUIT_JSON */
  static fromJSON(json: FittedEncoderJSON): FittedEncoder {
    if (json?.format !== "lepton-encoder@1" || typeof json.featureMap !== "string" || !(json.C > 0))
      throw new KernelError(
        "KERNEL_JSON",
        `Expected an encoder of format "lepton-encoder@1" with a feature map and C, but found ${JSON.stringify(json?.format)}.`,
      );
    const circuit = Circuit.fromJSON(json.circuit);
    const transform = transformFromJSON(json.transform);
    if (transform.numOutputs !== circuit.numInputs)
      throw new KernelError(
        "KERNEL_JSON",
        `The encoder's transform gives ${transform.numOutputs} feature(s), but its circuit has ${circuit.numInputs} input(s).`,
      );
    return new FittedEncoder(json.featureMap, circuit, transform, json.C);
  }
}
