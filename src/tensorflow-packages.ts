import { ModelError } from "./errors.ts";

/**
 * Loads code that needs TensorFlow.js, which is an optional peer.
 * @throws ModelError TENSORFLOW_MISSING with the line that installs it
 */
export async function withTensorFlow<Loaded>(load: () => Promise<Loaded>): Promise<Loaded> {
  try {
    return await load();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const missing = /@tensorflow\/[\w-]+/.exec(message)?.[0];
    if (code !== "ERR_MODULE_NOT_FOUND" || missing === undefined) throw error;
    throw new ModelError(
      "TENSORFLOW_MISSING",
      `Package ${missing} is not installed; models need TensorFlow.js: npm install @tensorflow/tfjs-core @tensorflow/tfjs-layers @tensorflow/tfjs-backend-cpu`,
      { cause: error },
    );
  }
}
