/** Pictures below one another as one SVG; each is the text of an SVG with a width and a height. */
export function stacked(pictures: readonly string[]): string {
  return placed(pictures, "y");
}

/** Pictures beside one another as one SVG; see `stacked`. */
export function beside(pictures: readonly string[]): string {
  return placed(pictures, "x");
}

function placed(pictures: readonly string[], axis: "x" | "y"): string {
  const sizes = pictures.map((svg) => {
    const size = (name: string): number => Number(new RegExp(`<svg[^>]*\\s${name}="([\\d.]+)"`).exec(svg)![1]);
    return { x: size("width"), y: size("height") };
  });
  const length = (of: "x" | "y"): number => {
    const lengths = sizes.map((size) => size[of]);
    return of === axis ? lengths.reduce((sum, one) => sum + one, 0) : Math.max(...lengths);
  };
  let start = 0;
  const moved = pictures.map((svg, i) => {
    const placedOne = svg.replace("<svg", `<svg ${axis}="${start}"`);
    start += sizes[i]![axis];
    return placedOne;
  });
  const [width, height] = [length("x"), length("y")];
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">\n<rect width="100%" height="100%" fill="#ffffff"/>\n${moved.join("\n")}\n</svg>`;
}
