import type { PlotOptions } from "@observablehq/plot";

/** Packages that draw pictures; optional, since everything else works without them. */
const PACKAGES = {
  "@observablehq/plot": () => import("@observablehq/plot"),
  linkedom: () => import("linkedom"),
  "@resvg/resvg-js": () => import("@resvg/resvg-js"),
};

export type PicturePackages = typeof PACKAGES;

export interface PictureTools {
  readonly Plot: typeof import("@observablehq/plot");
  /** A document to draw in. */
  readonly document: NonNullable<PlotOptions["document"]>;
  /** A PNG of an SVG at twice its size, on white. */
  toPng(svg: string): Uint8Array;
  /** False where the machine has no fonts: PNG pictures then lack their texts (SVG ones do not). */
  readonly hasFonts: boolean;
}

/** The tools, or the names of the packages that are not installed. */
export async function loadPictureTools(
  packages: PicturePackages = PACKAGES,
): Promise<{ readonly tools: PictureTools } | { readonly missing: readonly string[] }> {
  const missing: string[] = [];
  const load = async <Name extends keyof PicturePackages>(name: Name) => {
    try {
      return (await packages[name]()) as Awaited<ReturnType<PicturePackages[Name]>>;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") throw error;
      missing.push(name);
      return undefined;
    }
  };
  const [Plot, linkedom, resvg] = await Promise.all([
    load("@observablehq/plot"),
    load("linkedom"),
    load("@resvg/resvg-js"),
  ]);
  if (Plot === undefined || linkedom === undefined || resvg === undefined) return { missing };
  const { document } = linkedom.parseHTML("<!doctype html><html><body></body></html>");
  const render = (svg: string) =>
    new resvg.Resvg(svg, {
      background: "#ffffff",
      fitTo: { mode: "zoom", value: 2 },
      font: {
        loadSystemFonts: true,
        defaultFontFamily: "DejaVu Sans",
        monospaceFamily: "DejaVu Sans Mono",
        sansSerifFamily: "DejaVu Sans",
      },
    });
  const probe = '<svg xmlns="http://www.w3.org/2000/svg" width="20" height="20"><text x="2" y="15">x</text></svg>';
  return {
    tools: {
      Plot,
      document,
      toPng: (svg) => render(svg).render().asPng(),
      hasFonts: render(probe).getBBox() !== undefined,
    },
  };
}
