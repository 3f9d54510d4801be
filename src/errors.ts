import { LeptonError } from "../circuits/index.ts";

/** Data that cannot be used: a malformed table, wrong shapes, missing or non-finite values, an impossible split. */
export class DataError extends LeptonError {}
