/** Pictures below one another as one SVG; each is the text of an SVG with a width and a height. */
export function stacked(pictures: readonly string[]): string {
  const sizes = pictures.map((svg) => {
    const size = (name: string): number => Number(new RegExp(`<svg[^>]*\\s${name}="([\\d.]+)"`).exec(svg)![1]);
    return { width: size("width"), height: size("height") };
  });
  const width = Math.max(...sizes.map((size) => size.width));
  const height = sizes.reduce((sum, size) => sum + size.height, 0);
  let top = 0;
  const placed = pictures.map((svg, i) => {
    const moved = svg.replace("<svg", `<svg y="${top}"`);
    top += sizes[i]!.height;
    return moved;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">\n<rect width="100%" height="100%" fill="#ffffff"/>\n${placed.join("\n")}\n</svg>`;
}
