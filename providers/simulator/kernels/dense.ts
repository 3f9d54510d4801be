export { type DenseKernel, denseKernel } from "./lane-dense.ts";
