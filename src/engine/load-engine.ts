import { optionsFault } from "../../circuits/index.ts";
import type { Dataset } from "../data/index.ts";
import { EngineError } from "../errors.ts";
import { withTensorFlow } from "../tensorflow-packages.ts";
import { LeptonEngine } from "./engine.ts";
import type { EngineOptions } from "./units.ts";

/**
 * An engine that `save` saved. With `data` it can be trained further and evaluated by part; features stay as they were fitted.
 * @throws ModelError MODEL_FOLDER_MISSING, MODEL_FOREIGN, MODEL_WEIGHTS_CORRUPT; EngineError ENGINE_FILE, and at first use ENGINE_CLASSES
 */
export async function loadEngine<Source = Dataset>(
  folder: string,
  options: Pick<EngineOptions<Source>, "optimize" | "compute"> & Partial<Pick<EngineOptions<Source>, "data">> = {},
): Promise<LeptonEngine<Source>> {
  const fault = optionsFault("loadEngine", options, ["data", "optimize", "compute"]);
  if (fault !== undefined) throw new EngineError("ENGINE_OPTION", fault);
  const { readEngine } = await withTensorFlow(() => import("./tensorflow-files.ts"));
  const { model, description, grids } = await readEngine(folder);
  const { name, seed } = description;
  const noData = (): never => {
    throw new EngineError("ENGINE_NO_DATA", "This engine was loaded without data: loadEngine(folder, { data }).");
  };
  return new LeptonEngine<Source>(
    {
      ...{ name, seed, data: options.data ?? noData, optimize: options.optimize },
      ...(options.compute === undefined ? {} : { compute: options.compute }),
    },
    { description, model, grids, hasData: options.data !== undefined, hasUnits: false },
  );
}
