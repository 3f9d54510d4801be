import { expect, test } from "vitest";
import { sides, sidesParts } from "../../support/sides-engine.ts";

// No backend is imported here, as in a program that forgot to.
test("an engine without a backend of TensorFlow.js says what to import", async () => {
  const forgotten = {
    code: "TENSORFLOW_BACKEND",
    message: expect.stringContaining('import "@tensorflow/tfjs-backend-cpu"'),
  };
  await expect(sides().with({ quantum: undefined }).train()).rejects.toMatchObject(forgotten);
  await expect(sides().summary()).rejects.toMatchObject(forgotten);
  await expect(sides().predict(sidesParts.test)).rejects.toMatchObject(forgotten);
});
