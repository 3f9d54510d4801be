import { type Dirent, readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { DecodedPng } from "fast-png";
import { DataError } from "../errors.ts";
import { compareLabels, type Dataset } from "./dataset.ts";
import { imagesFromArrays } from "./images.ts";
import { checkOptions } from "./options.ts";
import { prefetch } from "./prefetch.ts";

export interface ImageFolderOptions {
  /**
   * 1 grey, 2 grey and opacity, 3 red, green and blue, 4 these and opacity; by default as many as the files have, which must agree.
   * Colour becomes grey by luma (0.299 R + 0.587 G + 0.114 B); opacity that is not asked for is left out.
   */
  readonly channels?: 1 | 2 | 3 | 4;
}

interface Picture {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** [height, width, channels], each from 0 to 1. */
  readonly values: Float64Array;
}

/**
 * Reads pictures in folders named after their classes: `FOLDER/CLASS/*.png`, all of one size, in the order of class and file
 * name. Values are from 0 to 1 whatever the depth of the file. Needs the optional package fast-png.
 * @throws (rejects) DataError PNG_MISSING without fast-png, IMAGE_FOLDER for a folder without classes or pictures, IMAGE_FORMAT for a
 * file that is no PNG or has a transparent colour, IMAGE_SIZE where a picture's size or channels are not those of the first
 */
export async function readImageFolder(folder: string, options: ImageFolderOptions = {}): Promise<Dataset> {
  checkOptions("readImageFolder", options, ["channels"]);
  const { channels } = options;
  if (channels !== undefined && ![1, 2, 3, 4].includes(channels))
    throw new DataError("DATA_OPTION", `channels is ${String(channels)}; it is 1, 2, 3 or 4.`);
  const { decode } = await withFastPng(() => import("fast-png"));
  const files = listed(folder);
  const images: Float64Array[] = [];
  let first: Picture | undefined;
  const read = async ({ path }: { readonly path: string }): Promise<Picture> => {
    const bytes = await readFile(path);
    let png: DecodedPng;
    try {
      png = decode(bytes);
    } catch (cause) {
      throw new DataError("IMAGE_FORMAT", `${path} is no PNG that can be read: ${(cause as Error).message}.`, {
        cause,
      });
    }
    return withChannels(unpacked(png, path), channels);
  };
  for await (const picture of prefetch(files, { ahead: 8, prepare: read })) {
    first ??= picture;
    const { height, width } = picture;
    if (height !== first.height || width !== first.width || picture.channels !== first.channels)
      throw new DataError(
        "IMAGE_SIZE",
        `${files[images.length]!.path} is ${height}x${width} with ${picture.channels} channel(s), but ${files[0]!.path} is ${first.height}x${first.width} with ${first.channels}.`,
      );
    images.push(picture.values);
  }
  const { height, width } = first!;
  return imagesFromArrays(
    images,
    files.map(({ label }) => label),
    { grid: { height, width, channels: first!.channels }, targetName: "class" },
  );
}

/** The files of all class folders. Hidden entries are passed over. */
function listed(folder: string): readonly { readonly path: string; readonly label: string }[] {
  const entries = (path: string): Dirent[] => {
    try {
      return readdirSync(path, { withFileTypes: true }).filter(({ name }) => !name.startsWith("."));
    } catch (cause) {
      throw new DataError("IMAGE_FOLDER", `Cannot read ${path}: ${(cause as Error).message}`, { cause });
    }
  };
  const labels = entries(folder)
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort(compareLabels);
  if (labels.length === 0)
    throw new DataError(
      "IMAGE_FOLDER",
      `${folder} holds no folder; pictures are in folders named after their classes.`,
    );
  return labels.flatMap((label) => {
    const files = entries(join(folder, label))
      .map(({ name }) => name)
      .sort(compareLabels);
    const other = files.find((name) => !name.toLowerCase().endsWith(".png"));
    if (other !== undefined)
      throw new DataError("IMAGE_FORMAT", `${join(folder, label, other)} is no PNG file; only those are read.`);
    if (files.length === 0) throw new DataError("IMAGE_FOLDER", `${join(folder, label)} holds no picture.`);
    return files.map((name) => ({ path: join(folder, label, name), label }));
  });
}

/** Samples of any depth, and colours of a palette, as numbers from 0 to 1. */
function unpacked(png: DecodedPng, path: string): Picture {
  const { height, width, depth, data, palette } = png;
  if (png.transparency !== undefined && palette === undefined)
    throw new DataError("IMAGE_FORMAT", `${path} has a transparent colour; save it with an alpha channel.`);
  const samples = width * png.channels;
  // Lines of samples smaller than a byte begin at a byte.
  const lineBytes = Math.ceil((samples * depth) / 8);
  const sample = (y: number, i: number): number => {
    if (depth >= 8) return data[y * samples + i]!;
    const bit = i * depth;
    return (data[y * lineBytes + (bit >> 3)]! >> (8 - depth - (bit & 7))) & ((1 << depth) - 1);
  };
  if (palette === undefined) {
    const values = new Float64Array(height * samples);
    const most = 2 ** depth - 1;
    for (let y = 0; y < height; y++) for (let i = 0; i < samples; i++) values[y * samples + i] = sample(y, i) / most;
    return { height, width, channels: png.channels, values };
  }
  const channels = Math.max(...palette.map((colour) => colour.length));
  const values = new Float64Array(height * width * channels);
  for (let pixel = 0; pixel < height * width; pixel++) {
    const colour = palette[sample(Math.floor(pixel / width), pixel % width)];
    if (colour === undefined)
      throw new DataError("IMAGE_FORMAT", `${path} has a pixel of a colour beyond its palette.`);
    for (let c = 0; c < channels; c++) values[pixel * channels + c] = (colour[c] ?? 255) / 255;
  }
  return { height, width, channels, values };
}

function withChannels(picture: Picture, wanted: number | undefined): Picture {
  const { height, width, channels, values } = picture;
  if (wanted === undefined || wanted === channels) return picture;
  const isColour = channels >= 3;
  const hasOpacity = channels % 2 === 0;
  const converted = new Float64Array(height * width * wanted);
  for (let pixel = 0; pixel < height * width; pixel++) {
    const from = pixel * channels;
    const to = pixel * wanted;
    const at = (c: number): number => values[from + c]!;
    if (wanted <= 2) converted[to] = isColour ? 0.299 * at(0) + 0.587 * at(1) + 0.114 * at(2) : at(0);
    else for (let c = 0; c < 3; c++) converted[to + c] = at(isColour ? c : 0);
    if (wanted % 2 === 0) converted[to + wanted - 1] = hasOpacity ? at(channels - 1) : 1;
  }
  return { height, width, channels: wanted, values: converted };
}

/** Loads fast-png, which is an optional peer. */
async function withFastPng<Loaded>(load: () => Promise<Loaded>): Promise<Loaded> {
  try {
    return await load();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") throw error;
    throw new DataError("PNG_MISSING", "Reading pictures needs the package fast-png: npm install fast-png", {
      cause: error,
    });
  }
}
