import { type LeptonError, optionsFault } from "../circuits/index.ts";

/** A folder's check that `options` is an object of known options; it throws the folder's error. */
export type OptionsCheck = (what: string, options: object, known: readonly string[]) => void;

/** An `OptionsCheck` where the compiler, too, knows the names. */
export type TypedOptionsCheck = <Options extends object>(
  what: string,
  options: Options,
  known: readonly (keyof Options & string)[],
) => void;

export function optionsCheck(Fault: new (code: string, message: string) => LeptonError, code: string): OptionsCheck {
  return (what, options, known) => {
    const fault = optionsFault(what, options, known);
    if (fault !== undefined) throw new Fault(code, fault);
  };
}
