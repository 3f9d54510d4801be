import { ComputeError } from "../errors.ts";
import { checkNetwork } from "./check-network.ts";
import { REAL } from "./kernels/columns.ts";
import { ComputeMemory } from "./kernels/compute-memory.ts";
import { LossHead, type LossName } from "./loss-head.ts";
import { type LoweredNetwork, lowerNetwork } from "./lower-network.ts";
import { MemoryPlan, type TrainedRegion } from "./memory-plan.ts";
import { layerWeights, type Network, type NetworkLayer } from "./network.ts";
import { type LayerArrays, NetworkWeights } from "./network-weights.ts";
import { NormalizationOperation } from "./operations/normalization-operation.ts";
import type { Operation, Pass } from "./operations/operation.ts";
import { vectorBytes } from "./operations/operation.ts";
import { type ComputeOptimizer, computeOptimizer, type OptimizerSettings } from "./optimizer.ts";
import { checkCount, checkOptions } from "./options.ts";

export interface CompileOptions {
  /** The most rows of one pass; fewer are welcome, so the last batch need not be full. */
  readonly batchSize: number;
  /** What training lowers; without one there are forward and backward passes only. */
  readonly loss?: LossName;
  /** Default, where there is a loss: Adam with a learning rate of 0.001. */
  readonly optimizer?: OptimizerSettings;
  /** Decides dropout's masks. Default: 0. */
  readonly seed?: number;
  /** Whether `backward` also gives the gradient by the inputs. Default: false. */
  readonly inputGradient?: boolean;
}

export interface ForwardOptions {
  /** Dropout drops, and batch normalisation takes the batch's own mean and variance. Default: false. */
  readonly training?: boolean;
  /** Which of dropout's masks; passes with the same number drop the same. Default: the number of steps taken. */
  readonly draw?: number;
}

/** Gradients of a loss by the weights, for each layer by name, and by the inputs; the arrays are the network's own. */
export interface NetworkGradients {
  readonly weights: LayerArrays;
  /** [rows, numbers of a row]; undefined unless compiled with `inputGradient`. */
  readonly input: Float32Array | undefined;
}

/** All that decides how training goes on, as plain data. */
export interface NetworkState {
  readonly steps: number;
  /** For each layer by name. */
  readonly weights: LayerArrays;
  /** The optimizer's moments by layer and name, a list for each. */
  readonly moments: readonly LayerArrays[];
  readonly optimizer: readonly number[];
}

/**
 * A network compiled for batches of up to `batchSize` rows: its weights, activations, gradients and moments lie in one
 * WebAssembly memory, on which kernels work in single precision. A step allocates nothing. Rows are row-major; images
 * [height, width, channels]. The network given stays as it is: `network()` returns one with the weights of now.
 * @throws ComputeError COMPUTE_OPTION, COMPUTE_LAYER, COMPUTE_SHAPE, COMPUTE_SETTING, COMPUTE_MEMORY
 */
export function compileNetwork(network: Network, options: CompileOptions): CompiledNetwork {
  return new CompiledNetwork(network, options);
}

/** See `compileNetwork`. */
export class CompiledNetwork {
  readonly batchSize: number;
  readonly loss: LossName | undefined;
  readonly seed: number;
  readonly #network: Network;
  readonly #lowered: LoweredNetwork;
  readonly #head: LossHead | undefined;
  readonly #optimizer: ComputeOptimizer | undefined;
  readonly #region: TrainedRegion;
  readonly #weights: NetworkWeights;
  readonly #memory: ComputeMemory;
  readonly #check: number;
  readonly #gradients: LayerArrays;
  readonly #inputGradient: Float32Array;
  readonly #output: Float32Array;
  #pass: Pass | undefined;
  #steps = 0;

  constructor(network: Network, options: CompileOptions) {
    checkOptions("compileNetwork", options, ["batchSize", "loss", "optimizer", "seed", "inputGradient"]);
    const { batchSize, loss, optimizer, seed = 0, inputGradient = false } = options;
    checkCount("batchSize", batchSize, 1);
    checkNetwork(network);
    if (optimizer !== undefined && loss === undefined)
      throw new ComputeError("COMPUTE_OPTION", "An optimizer needs a loss; give both, or neither.");
    this.batchSize = batchSize;
    this.loss = loss;
    this.seed = seed;
    this.#network = network;
    const plan = new MemoryPlan();
    this.#lowered = lowerNetwork(network, { plan, batchSize }, { seed, inputGradient });
    const columns = network.outputShape.at(-1)!;
    const reserve = (numbers: number): number => plan.reserve(batchSize * numbers);
    this.#head = loss === undefined ? undefined : new LossHead(loss, this.#lowered, columns, reserve);
    this.#optimizer = loss === undefined ? undefined : computeOptimizer(optimizer ?? { name: "adam" });
    this.#check = plan.reserve(4);
    const { bytes, trained } = plan.finish(this.#optimizer?.numMoments ?? 0);
    this.#region = trained;
    this.#memory = memoryOf(bytes);
    this.#weights = new NetworkWeights(network.layers, plan.slots, trained, this.#memory);
    for (const operation of this.#lowered.operations) operation.bind?.(this.#memory);
    this.setWeights(network);
    this.#gradients = this.#weights.gradientArrays();
    const { input, output } = this.#lowered;
    this.#inputGradient = this.#memory.view(input.cotangents, batchSize * input.size);
    this.#output = this.#memory.view(output.address, batchSize * output.size);
  }

  /** Numbers of a row that goes in and of one that comes out. */
  get inputSize(): number {
    return this.#lowered.input.size;
  }
  get outputSize(): number {
    return this.#lowered.output.size;
  }
  /** Numbers of a row's targets. @throws ComputeError COMPUTE_OPTION without a loss */
  get targetSize(): number {
    return this.#trained().head.targetSize;
  }
  /** Training steps taken. */
  get steps(): number {
    return this.#steps;
  }
  /** Bytes of its memory. */
  get bytes(): number {
    return this.#memory.f32.byteLength;
  }

  /** How far a step goes; may be changed between steps. @throws ComputeError COMPUTE_OPTION without a loss */
  get learningRate(): number {
    return this.#trained().optimizer.learningRate;
  }
  set learningRate(rate: number) {
    this.#trained().optimizer.learningRate = rate;
  }

  /**
   * One pass of at most `batchSize` rows [rows, inputSize].
   * @returns [rows, outputSize], a view that is valid until the next pass
   * @throws ComputeError COMPUTE_ROWS
   */
  forward(x: ArrayLike<number>, { training = false, draw = this.#steps }: ForwardOptions = {}): Float32Array {
    const rows = this.#feed(x);
    this.#pass = { rows, training, draw };
    for (const operation of this.#lowered.operations) operation.forward(this.#memory, this.#pass);
    return this.#output.subarray(0, rows * this.outputSize);
  }

  /** The outputs [rows, outputSize] of any number of rows, as a new array. @throws ComputeError COMPUTE_ROWS */
  predict(x: Float32Array | Float64Array): Float32Array {
    const rows = this.#rowsOf(x.length, Infinity);
    const result = new Float32Array(rows * this.outputSize);
    for (let row = 0; row < rows; row += this.batchSize) {
      const last = Math.min(rows, row + this.batchSize);
      result.set(this.forward(x.subarray(row * this.inputSize, last * this.inputSize)), row * this.outputSize);
    }
    return result;
  }

  /**
   * Gradients of Σ cotangents·outputs of the last `forward`, in whose mode (training or not) the network still is.
   * @param cotangents [rows, outputSize]
   * @returns arrays of the network's own, which the next call overwrites
   * @throws ComputeError COMPUTE_ROWS
   */
  backward(cotangents: ArrayLike<number>): NetworkGradients {
    const pass = this.#pass;
    if (pass === undefined || cotangents.length !== pass.rows * this.outputSize)
      throw new ComputeError(
        "COMPUTE_ROWS",
        pass === undefined
          ? "There is no forward pass to go back from; call forward first."
          : `The last forward pass had ${pass.rows} row(s), so cotangents are ${pass.rows * this.outputSize} numbers, not ${cotangents.length}.`,
      );
    const { operations, output, input } = this.#lowered;
    if (output.cotangents !== 0) {
      this.#memory.f32.set(cotangents, output.cotangents / REAL);
      this.#goBack(operations, pass);
    }
    this.#pass = undefined;
    this.#weights.readGradients(this.#gradients);
    const ofInput = this.#inputGradient.subarray(0, pass.rows * this.inputSize);
    return { weights: this.#gradients, input: input.cotangents === 0 ? undefined : ofInput };
  }

  /** Moves batch normalisation's statistics towards those of the last forward pass in training, as `trainStep` does itself. */
  moveStatistics(): void {
    for (const operation of this.#lowered.operations)
      if (operation instanceof NormalizationOperation) operation.moveStatistics(this.#memory);
  }

  /**
   * One step of the optimizer on at most `batchSize` rows.
   * @param y targets, [rows, outputSize], or classes as integers for sparse cross-entropy
   * @returns the mean loss of the rows before the step
   * @throws ComputeError COMPUTE_ROWS, COMPUTE_TARGET, and COMPUTE_NOT_FINITE, after which the weights are as before
   */
  trainStep(x: ArrayLike<number>, y: ArrayLike<number>): number {
    const { head, optimizer } = this.#trained();
    const rows = this.#feed(x);
    const pass = { rows, training: true, draw: this.#steps };
    const loss = this.#lossOf(head, y, pass);
    this.#pass = undefined;
    this.#goBack(head.backwardOperations, pass);
    this.#assertFinite(loss);
    this.moveStatistics();
    optimizer.step(this.#memory, this.#region);
    this.#steps++;
    return loss;
  }

  /**
   * The mean loss of any number of rows, without training.
   * @throws ComputeError COMPUTE_ROWS, COMPUTE_TARGET, COMPUTE_OPTION without a loss
   */
  evaluate(x: Float32Array | Float64Array, y: Float32Array | Float64Array | Int32Array): number {
    const { head } = this.#trained();
    const rows = this.#rowsOf(x.length, Infinity);
    let sum = 0;
    for (let row = 0; row < rows; row += this.batchSize) {
      const last = Math.min(rows, row + this.batchSize);
      this.#feed(x.subarray(row * this.inputSize, last * this.inputSize));
      const targets = y.subarray(row * head.targetSize, last * head.targetSize);
      sum += (last - row) * this.#lossOf(head, targets, { rows: last - row, training: false, draw: 0 });
    }
    this.#pass = undefined;
    return sum / rows;
  }

  /** The network with copies of the weights of now. */
  network(): Network {
    const weights = this.#weights.values();
    const layers = this.#network.layers.map((layer, index) => ({ ...layer, ...weights[index] }) as NetworkLayer);
    return { ...this.#network, layers };
  }

  /** Takes over the weights of a network with the same layers. @throws ComputeError COMPUTE_SHAPE */
  setWeights({ layers }: Network): void {
    this.#weights.setValues(layers.map((layer) => layerWeights(layer)));
  }

  /** A copy of one weight of the layer at a place in the network. @throws ComputeError COMPUTE_SHAPE where there is none */
  weight(layer: number, name: string): Float32Array {
    return this.#weights.value(layer, name);
  }

  /** @throws ComputeError COMPUTE_SHAPE where there is no such weight, or it has another size */
  setWeight(layer: number, name: string, values: ArrayLike<number>): void {
    this.#weights.setValue(layer, name, values);
  }

  /** All that decides how training goes on, copied; `restore` in a network compiled alike goes on with the same bits. */
  state(): NetworkState {
    return {
      steps: this.#steps,
      weights: this.#weights.values(),
      moments: Array.from({ length: this.#weights.numMoments }, (_, index) => this.#weights.moment(index)),
      optimizer: this.#optimizer?.state ?? [],
    };
  }

  /** @throws ComputeError COMPUTE_SHAPE where the state is of another network or optimizer */
  restore({ steps, weights, moments, optimizer }: NetworkState): void {
    const expected = this.#optimizer?.state.length ?? 0;
    if (moments.length !== this.#weights.numMoments || optimizer.length !== expected)
      throw new ComputeError("COMPUTE_SHAPE", "The state is that of another optimizer; compile the network alike.");
    checkCount("The state's number of steps", steps, 0);
    this.#weights.setValues(weights);
    for (const [index, values] of moments.entries()) this.#weights.setMoment(index, values);
    this.#steps = steps;
    if (this.#optimizer !== undefined) this.#optimizer.state = [...optimizer];
  }

  #lossOf(head: LossHead, y: ArrayLike<number>, pass: Pass): number {
    if (y.length !== pass.rows * head.targetSize)
      throw new ComputeError(
        "COMPUTE_ROWS",
        `${pass.rows} row(s) need ${pass.rows * head.targetSize} targets, ${head.targetSize} each, but there are ${y.length}.`,
      );
    head.setTargets(this.#memory, y);
    for (const operation of head.forwardOperations) operation.forward(this.#memory, pass);
    return head.run(this.#memory, pass.rows);
  }

  #goBack(operations: readonly Operation[], pass: Pass): void {
    for (let i = operations.length - 1; i >= 0; i--)
      if (operations[i]!.output.cotangents !== 0) operations[i]!.backward(this.#memory, pass);
  }

  #assertFinite(loss: number): void {
    const { kernels, f32 } = this.#memory;
    kernels.finite!(this.#region.gradients, vectorBytes(this.#region.numbers), this.#check);
    const lane = this.#check / REAL;
    const sum = f32[lane]! + f32[lane + 1]! + f32[lane + 2]! + f32[lane + 3]!;
    if (Number.isFinite(loss) && sum === 0) return;
    throw new ComputeError(
      "COMPUTE_NOT_FINITE",
      `The loss is ${loss}${Number.isFinite(loss) ? ", but its gradient is not finite" : ""}; the weights are as before this step. Check the data's scale, or use a smaller learning rate.`,
    );
  }

  #trained(): { readonly head: LossHead; readonly optimizer: ComputeOptimizer } {
    if (this.#head === undefined || this.#optimizer === undefined)
      throw new ComputeError("COMPUTE_OPTION", "This network was compiled without a loss; give compileNetwork one.");
    return { head: this.#head, optimizer: this.#optimizer };
  }

  /** Copies rows into memory and returns how many there are. */
  #feed(x: ArrayLike<number>): number {
    const rows = this.#rowsOf(x.length, this.batchSize);
    this.#memory.f32.set(x, this.#lowered.input.address / REAL);
    return rows;
  }

  #rowsOf(length: number, most: number): number {
    const rows = length / this.inputSize;
    if (!Number.isInteger(rows) || rows < 1 || rows > most)
      throw new ComputeError(
        "COMPUTE_ROWS",
        `Rows of ${this.inputSize} numbers are needed, 1${most === Infinity ? " or more" : ` to ${most}`} of them; ${length === undefined ? "these are no list of numbers" : `${length} numbers were given`}.`,
      );
    return rows;
  }
}

const MAX_BYTES = 2 ** 31;

function memoryOf(bytes: number): ComputeMemory {
  try {
    if (bytes < MAX_BYTES) return new ComputeMemory(bytes);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  throw new ComputeError(
    "COMPUTE_MEMORY",
    `The network needs ${Math.ceil(bytes / 2 ** 20)} MiB for its batches, which cannot be had; make batchSize smaller.`,
  );
}
