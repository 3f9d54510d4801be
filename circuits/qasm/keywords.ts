const words = (text: string): ReadonlySet<string> => new Set(text.split(" "));

/** Words of OpenQASM 2 that name nothing else. */
export const KEYWORDS_2 = words(
  "OPENQASM include qreg creg gate opaque if measure reset barrier pi U CX sin cos tan exp ln sqrt acos asin atan",
);

/** Words of OpenQASM 3 that name nothing else, built-in constants included. */
export const KEYWORDS_3 = words(
  "OPENQASM include pragma defcalgrammar def cal defcal gate extern box let break continue if else end return for while in " +
    "switch case default nop input output const readonly mutable qreg qubit creg bool bit int uint float angle complex array " +
    "void duration stretch gphase inv pow ctrl negctrl durationof delay reset measure barrier true false " +
    "pi π tau τ euler ℇ U",
);

/** Statements and types of OpenQASM 3 that no `Circuit` can hold, with the words to say so. */
export const UNSUPPORTED: ReadonlyMap<string, string> = new Map([
  ["defcalgrammar", "pulse calibrations (defcalgrammar)"],
  ["cal", "pulse calibrations (cal)"],
  ["defcal", "pulse calibrations (defcal)"],
  ["def", "subroutines (def)"],
  ["extern", "external functions (extern)"],
  ["return", "subroutines (return)"],
  ["while", "while loops"],
  ["switch", "switch statements"],
  ["box", "timing boxes (box)"],
  ["stretch", "stretch durations"],
  ["complex", "complex numbers"],
  ["readonly", "array references"],
  ["mutable", "array references"],
  ["durationof", "durationof"],
]);

/** Types whose variables may change at run time. */
export const VALUE_TYPES = words("int uint float angle bool duration complex stretch array");

/** Functions of expressions and the operation each stands for in Lepton. */
export const FUNCTIONS_2: ReadonlyMap<string, string> = new Map([
  ["sin", "sin"],
  ["cos", "cos"],
  ["tan", "tan"],
  ["exp", "exp"],
  ["ln", "ln"],
  ["sqrt", "sqrt"],
  ["acos", "acos"],
  ["asin", "asin"],
  ["atan", "atan"],
]);

/** The first name of each operation is the one that is printed; `tanh`, `abs`, `sign`, `atan2` and `hypot` are Lepton's own. */
export const FUNCTIONS_3: ReadonlyMap<string, string> = new Map([
  ["sin", "sin"],
  ["cos", "cos"],
  ["tan", "tan"],
  ["arcsin", "asin"],
  ["arccos", "acos"],
  ["arctan", "atan"],
  ["exp", "exp"],
  ["log", "ln"],
  ["sqrt", "sqrt"],
  ["tanh", "tanh"],
  ["abs", "abs"],
  ["sign", "sign"],
  ["atan2", "atan2"],
  ["hypot", "hypot"],
  ["pow", "pow"],
  ["mod", "mod"],
  ["floor", "floor"],
  ["ceiling", "ceiling"],
  ["popcount", "popcount"],
  ["asin", "asin"],
  ["acos", "acos"],
  ["atan", "atan"],
  ["ln", "ln"],
]);
