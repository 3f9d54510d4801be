import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import {
  type Dataset,
  fromArrays,
  imagesFromArrays,
  imagesFromTable,
  minMax,
  pca,
  pipeline,
  readCsv,
  readImageFolder,
  selectRows,
  standardise,
  withGrid,
} from "../../../src/data/index.ts";

const fixtures = fileURLToPath(new URL("../../fixtures/images/", import.meta.url));
/** RGBA values by Pillow; see make.py beside the file. */
const pixels: Record<string, number[][][]> = JSON.parse(readFileSync(join(fixtures, "pixels.json"), "utf8"));
const folder = mkdtempSync(join(tmpdir(), "lepton-images-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const code = (name: string) => expect.objectContaining({ name: "DataError", code: name });
const grid = { height: 2, width: 3, channels: 1 };

/** A folder of classes with copies of fixtures. */
function classes(name: string, files: Readonly<Record<string, readonly string[]>>): string {
  for (const [label, images] of Object.entries(files)) {
    mkdirSync(join(folder, name, label), { recursive: true });
    for (const [i, image] of images.entries())
      copyFileSync(join(fixtures, `${image}.png`), join(folder, name, label, `${i}.png`));
  }
  return join(folder, name);
}
/** Every `channels`-th list of values of Pillow's picture, each from 0 to 1. */
const expected = (name: string, kept: readonly number[]): number[] =>
  pixels[name]!.flat().flatMap((rgba) => kept.map((c) => rgba[c]! / 255));
const expectClose = (data: Dataset, values: readonly number[]) => {
  expect(data.x.length).toBe(values.length);
  for (const [i, value] of values.entries()) expect(data.x[i]).toBeCloseTo(value, 12);
};

describe("pictures from arrays and tables", () => {
  test("nested and flat ones make the same dataset", () => {
    const nested = imagesFromArrays(
      [
        [
          [1, 2, 3],
          [4, 5, 6],
        ],
      ],
      ["cat"],
    );
    expect(nested).toMatchObject({ grid, numFeatures: 6, classes: ["cat"], x: Float64Array.of(1, 2, 3, 4, 5, 6) });
    expect(nested.featureNames).toEqual(["p0_0", "p0_1", "p0_2", "p1_0", "p1_1", "p1_2"]);
    expect(imagesFromArrays([Uint8Array.of(1, 2, 3, 4, 5, 6)], ["cat"], { grid })).toEqual(nested);
  });

  test("channels come last", () => {
    const data = imagesFromArrays([[[Uint8Array.of(9, 8), [7, 6]]]], [0.5], { task: "regression" });
    expect(data.grid).toEqual({ height: 1, width: 2, channels: 2 });
    expect([...data.x]).toEqual([9, 8, 7, 6]);
    expect(data.featureNames).toEqual(["p0_0_0", "p0_0_1", "p0_1_0", "p0_1_1"]);
  });

  test("columns of a table are pixels", () => {
    const table = readCsv({ text: "id,p00,p01,p10,p11,label\n7,1,2,3,4,a\n8,5,6,7,8,b\n" });
    const square = { height: 2, width: 2, channels: 1 };
    const data = imagesFromTable(table, { target: "label", exclude: ["id"], grid: square });
    expect([data.grid, [...data.x], data.classes]).toEqual([square, [1, 2, 3, 4, 5, 6, 7, 8], ["a", "b"]]);
    expect(() => imagesFromTable(table, { target: "label", grid: square })).toThrowError(code("IMAGE_GRID"));
  });

  test("the grid stays through what keeps places, and goes where they are mixed", () => {
    const data = imagesFromArrays([Array(6).fill(1), [1, 2, 3, 4, 5, 6], [2, 1, 4, 3, 6, 5]], [0, 1, 0], { grid });
    const scaled = pipeline([standardise(), minMax()]).fit(data);
    expect(scaled.transform(data).grid).toEqual(grid);
    expect(scaled.inverse(scaled.transform(data)).grid).toEqual(grid);
    expect(selectRows(data, [1]).grid).toEqual(grid);
    expect("grid" in pca({ numComponents: 1 }).fit(data).transform(data)).toBe(false);
  });

  test.each([
    ["a flat picture without a grid", () => imagesFromArrays([[1, 2]], [0]), "IMAGE_GRID"],
    ["a grid without a side", () => imagesFromArrays([[1]], [0], { grid: { ...grid, width: 0 } }), "IMAGE_GRID"],
    ["a flat picture of another size", () => imagesFromArrays([[1, 2]], [0], { grid }), "DATA_SHAPE"],
    ["a ragged picture", () => imagesFromArrays([[[1, 2], [3]]], [0]), "DATA_SHAPE"],
    ["a picture of other channels", () => imagesFromArrays([[[[1, 2]]], [[[1]]]], [0, 0]), "DATA_SHAPE"],
    ["a picture with other rows", () => imagesFromArrays([[[1]], [[1], [2]]], [0, 0]), "DATA_SHAPE"],
    ["text as a pixel", () => imagesFromArrays([[["1"]]] as never, [0]), "DATA_TYPE"],
    ["no picture", () => imagesFromArrays([], []), "DATA_EMPTY"],
    ["another number of targets", () => imagesFromArrays([[[1]]], [0, 1]), "DATA_SHAPE"],
    ["a grid of other features", () => withGrid(fromArrays([[1, 2]], [0]), grid), "IMAGE_GRID"],
  ])("refuses %s", (_name, make, name) => {
    expect(make).toThrowError(code(name));
  });
});

describe("pictures from a folder", () => {
  test.each([
    ["grey8", [0]],
    ["grey1", [0]],
    ["grey-alpha", [0, 3]],
    ["rgb", [0, 1, 2]],
    ["rgba", [0, 1, 2, 3]],
    ["palette", [0, 1, 2]],
  ] as const)("%s: the values are Pillow's", async (name, kept) => {
    const data = await readImageFolder(classes(name, { only: [name] }));
    expect(data.grid).toEqual({ height: 5, width: 11, channels: kept.length });
    expectClose(data, expected(name, kept));
  });

  test("16 bits are no less exact", async () => {
    const data = await readImageFolder(classes("deep", { only: ["grey16"] }));
    expectClose(
      data,
      (pixels.grey16!.flat() as unknown as number[]).map((value) => value / 65535),
    );
  });

  test("colours are brought to the channels asked for", async () => {
    const all = classes("mixed", { a: ["rgb", "palette"], b: ["grey-alpha", "rgba", "grey8"] });
    const colour = await readImageFolder(all, { channels: 3 });
    const names = ["rgb", "palette", "grey-alpha", "rgba", "grey8"];
    expectClose(
      colour,
      names.flatMap((name) => expected(name, [0, 1, 2])),
    );
    expect([[...colour.y], colour.classes]).toEqual([
      [0, 0, 1, 1, 1],
      ["a", "b"],
    ]);
    expectClose(
      await readImageFolder(all, { channels: 4 }),
      names.flatMap((name) => expected(name, [0, 1, 2, 3])),
    );
    const luma = names.flatMap((name) =>
      pixels[name]!.flat().map(([r, g, b]) => (0.299 * r! + 0.587 * g! + 0.114 * b!) / 255),
    );
    expectClose(await readImageFolder(all, { channels: 1 }), luma);
    await expect(readImageFolder(all)).rejects.toEqual(code("IMAGE_SIZE"));
  });

  test("names that are numbers are in their order, and hidden files are passed over", async () => {
    const path = classes("digits", { 10: ["grey8"], 9: ["grey1", "grey8"] });
    writeFileSync(join(path, "9", ".DS_Store"), "");
    const data = await readImageFolder(path);
    expect([data.classes, [...data.y]]).toEqual([
      ["9", "10"],
      [0, 0, 1],
    ]);
  });

  test("who has no fast-png is told what to install", () => {
    const script = `
      import { registerHooks } from "node:module";
      registerHooks({ resolve(name, context, next) { return next(name === "fast-png" ? "fast-png-that-is-not-there" : name, context); } });
      const { readImageFolder } = await import(${JSON.stringify(new URL("../../../src/data/image-folder.ts", import.meta.url).href)});
      await readImageFolder("any").catch(({ code, message }) => console.log(code, message));`;
    const output = execFileSync(process.execPath, ["--input-type=module", "--eval", script], { encoding: "utf8" });
    expect(output).toMatch(/^PNG_MISSING .*npm install fast-png$/m);
  });

  test("what is no folder of pictures is refused by name", async () => {
    await expect(readImageFolder(join(folder, "none"))).rejects.toEqual(code("IMAGE_FOLDER"));
    await expect(readImageFolder(classes("empty", { a: [] }))).rejects.toEqual(code("IMAGE_FOLDER"));
    await expect(readImageFolder(join(folder, "empty", "a"))).rejects.toEqual(code("IMAGE_FOLDER"));
    const torn = classes("torn", { a: ["grey8"] });
    writeFileSync(join(torn, "a", "1.png"), readFileSync(join(fixtures, "rgb.png")).subarray(0, 60));
    await expect(readImageFolder(torn)).rejects.toMatchObject({
      code: "IMAGE_FORMAT",
      message: expect.stringContaining(join(torn, "a", "1.png")),
    });
    const other = classes("other", { a: ["grey8"] });
    writeFileSync(join(other, "a", "note.txt"), "");
    await expect(readImageFolder(other)).rejects.toEqual(code("IMAGE_FORMAT"));
    await expect(readImageFolder(other, { channels: 5 as never })).rejects.toEqual(code("DATA_OPTION"));
  });
});
