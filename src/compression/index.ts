export * from "./circuit/index.ts";
