export { type Batch, type BatchOptions, batches } from "./batches.ts";
export {
  type CategoricalColumns,
  type ColumnsOptions,
  columns,
  columnsFromJSON,
  type FittedColumns,
  type NumberColumns,
  type TableTransform,
} from "./columns.ts";
export { type CsvText, readCsv } from "./csv.ts";
export type { CsvOptions } from "./csv-rows.ts";
export { type StreamCsvOptions, streamCsv } from "./csv-stream.ts";
export {
  type Dataset,
  type DatasetOptions,
  datasetFromTable,
  type Features,
  fromArrays,
  type GridShape,
  oneHot,
  type RowsOf,
  selectRows,
} from "./dataset.ts";
export {
  type Encoding,
  type EncodingOptions,
  type EncodingState,
  type FittedEncoding,
  frequencyEncoding,
  oneHotEncoding,
  ordinalEncoding,
} from "./encoding.ts";
export {
  type FourierOptions,
  fourierFeatures,
  type GridSize,
  imagePatches,
  type LagOptions,
  lagFeatures,
  type PoolingOptions,
  pooling,
  type RandomProjectionOptions,
  randomProjection,
  scale,
  type Wavelet,
  type WaveletOptions,
  type WindowOptions,
  waveletFeatures,
} from "./features/index.ts";
export {
  type CrossValidationRound,
  crossValidate,
  type Fold,
  type KFoldOptions,
  kFold,
  type RowLabels,
  type TimeFoldsOptions,
  timeFolds,
} from "./folds.ts";
export { type ImageFolderOptions, readImageFolder } from "./image-folder.ts";
export { type ImageArray, imagesFromArrays, imagesFromTable, withGrid } from "./images.ts";
export { type ImputeOptions, impute } from "./impute.ts";
export {
  type JsonLinesOptions,
  readJsonLines,
  type StreamJsonLinesOptions,
  streamJsonLines,
} from "./json-lines.ts";
export { type FittedPca, pca } from "./pca.ts";
export { pipeline, transformFromJSON } from "./pipeline.ts";
export { type PrefetchOptions, prefetch } from "./prefetch.ts";
export { minMax, robust, standardise } from "./scaling.ts";
export type { StreamSource } from "./source.ts";
export { randomSplit, splitByNames, timeSplit } from "./split.ts";
export {
  type Column,
  type ColumnType,
  columnOf,
  type MissingCells,
  numbersOf,
  type Table,
  textsOf,
} from "./table.ts";
export { type TimeWindowOptions, type TimeWindows, windows } from "./time-windows.ts";
export {
  type FitAccumulator,
  type FittedTransform,
  fitOnStream,
  type IncrementalTransform,
  type Transform,
  type TransformJSON,
} from "./transform.ts";
