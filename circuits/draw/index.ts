export { drawSvg, type SvgOptions } from "./svg.ts";
export { drawText } from "./text.ts";
