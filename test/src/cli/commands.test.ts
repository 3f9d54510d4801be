import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { BELL, file, MEASURED_BELL, pathOf, ROTATION, run, runJson } from "./run.ts";

const bell = file("bell.qasm", BELL);
const measured = file("measured.qasm", MEASURED_BELL);
const rotation = file("rotation.qasm", ROTATION);
const root = Math.SQRT1_2;

describe("simulate", () => {
  test("prints the state of a Bell pair, qubit 0 rightmost", async () => {
    const { json, status } = await runJson(["simulate", bell, "--statevector"]);
    expect(status).toBe(0);
    expect(json.numQubits).toBe(2);
    expect(json.method).toBe("statevector");
    const expected = [root, 0, 0, root];
    expect(json.statevector).toHaveLength(4);
    for (const [i, [re, im]] of json.statevector.entries()) {
      expect(re).toBeCloseTo(expected[i]!, 12);
      expect(im).toBeCloseTo(0, 12);
    }
    expect(json.seconds).toBeGreaterThan(0);
    const text = await run(["simulate", bell]);
    expect(text.out).toMatch(/^\|00> {3}0\.7071067812 \+ 0\.0000000000i {2}probability 0\.5\n\|11>/);
  });

  test("gives expectation values for bound parameters, by option or file", async () => {
    const observables = ["--expect", "ZI", "--expect", "1.0*ZZ + 0.5*IZ", "--expect", "YX"];
    // rx(t) then cx: <Z1> = <Z0> = cos t, <ZZ> = 1, <Y1 X0> = -sin t.
    const { json } = await runJson(["simulate", rotation, "--param", "theta=0.3", ...observables]);
    for (const [i, value] of [Math.cos(0.3), 1 + Math.cos(0.3) / 2, -Math.sin(0.3)].entries())
      expect(json.expectations[i]).toBeCloseTo(value, 12);
    expect(json.statevector).toBeUndefined();
    const params = file("theta.json", '{"theta": 0.3}');
    expect((await runJson(["simulate", rotation, "--params", params, ...observables])).json.expectations).toEqual(
      json.expectations,
    );
    expect((await runJson(["simulate", rotation, "--param", params, ...observables])).json.expectations).toEqual(
      json.expectations,
    );
    const half = await runJson(["simulate", rotation, "--params", params, "--param", "theta=pi/2", "--expect", "ZI"]);
    expect(half.json.expectations[0]).toBeCloseTo(0, 12);
  });

  test("a circuit that declares bits and measures nothing is measured at its end", async () => {
    const text = `${BELL}bit[2] c;\nbit[1] meas;\n`;
    const { json } = await runJson(["simulate", file("unread.qasm", text), "--shots", "50"]);
    expect(Object.keys(json.counts).sort()).toEqual(["00", "11"]);
  });

  test("counts shots by seed, and measures at the end where nothing is measured", async () => {
    const once = await runJson(["simulate", measured, "--shots", "1000", "--seed", "7"]);
    expect(Object.keys(once.json.counts).sort()).toEqual(["00", "11"]);
    expect(once.json.counts["00"] + once.json.counts["11"]).toBe(1000);
    // Five standard deviations of a fair coin.
    expect(Math.abs(once.json.counts["00"] - 500)).toBeLessThan(80);
    expect((await runJson(["simulate", measured, "--shots", "1000", "--seed", "7"])).json.counts).toEqual(
      once.json.counts,
    );
    expect((await runJson(["simulate", measured, "--shots", "1000", "--seed", "8"])).json.counts).not.toEqual(
      once.json.counts,
    );
    const { out } = await run(["simulate", bell, "--shots", "50"]);
    expect(out.split("\n").map((line) => line.slice(0, 2))).toEqual(["00", "11", ""]);
    const implicit = await runJson(["simulate", bell, "--shots", "50"]);
    expect(Object.values<number>(implicit.json.counts).reduce((a, b) => a + b)).toBe(50);
  });

  test("shows registers with the last leftmost, bits with the highest leftmost", async () => {
    const text =
      'OPENQASM 2.0; include "qelib1.inc"; qreg q[3]; creg a[2]; creg b[1]; x q[0]; x q[2]; measure q[0]->a[0]; measure q[1]->a[1]; measure q[2]->b[0];';
    expect((await runJson(["simulate", file("two.qasm", text), "--shots", "9"])).json.counts).toEqual({ "1 01": 9 });
  });

  test("takes the state before final measurements, and reads standard input", async () => {
    const { json } = await runJson(["simulate", "-", "--statevector", "--expect", "XX"], MEASURED_BELL);
    expect(json.statevector[3][0]).toBeCloseTo(root, 12);
    expect(json.expectations[0]).toBeCloseTo(1, 12);
  });

  test.each([
    ["an unknown parameter", ["--param", "phi=1"], "PARAMETER_UNKNOWN"],
    ["a missing parameter", [], "CIRCUIT_UNBOUND"],
    ["too many values", ["--param", "theta=1,2"], "PARAMETER_SHAPE"],
    ["text as a value", ["--param", "theta=abc"], "PARAM_OPTION"],
    ["an empty value in a list", ["--param", "theta=1,,2"], "PARAM_OPTION"],
    ["no name", ["--param", "0.3"], "PARAM_OPTION"],
    ["a parameter given twice", ["--param", "theta=1", "--param", "theta=2"], "PARAM_OPTION"],
    ["NaN", ["--param", "theta=NaN"], "PARAM_OPTION"],
    ["a parameters file that is not there", ["--params", "no/such.json"], "FILE_READ"],
    ["a parameters file that is not JSON", ["--params", file("bad.json", "{")], "PARAMS_FILE"],
    ["a parameters file with text", ["--params", file("text.json", '{"theta": "x"}')], "PARAMS_FILE"],
    ["an unreadable observable", ["--param", "theta=1", "--expect", "QQ"], "OBSERVABLE_TEXT"],
    ["an observable of another size", ["--param", "theta=1", "--expect", "Z"], "OBSERVABLE_QUBITS"],
    ["no shots", ["--param", "theta=1", "--shots", "0"], "USAGE"],
    ["half a shot", ["--param", "theta=1", "--shots", "1.5"], "USAGE"],
    ["an unknown method", ["--param", "theta=1", "--method", "magic"], "USAGE"],
    ["the noise of no device", ["--param", "theta=1", "--noise", "ibm", "--shots", "1"], "DEVICE_UNKNOWN"],
  ])("refuses %s", async (_name, options, code) => {
    const { json, status, err } = await runJson(["simulate", rotation, ...options]);
    expect(json.error.code).toBe(code);
    expect(Object.keys(json)).toEqual(["error"]);
    expect(status).toBe(2);
    expect(err).toContain(code);
    expect(err).not.toMatch(/^\s+at /m);
  });
});

test("nested values must have the parameter's shape; flat ones need only its size", async () => {
  const circuit = file(
    "matrix.qasm",
    'OPENQASM 3.0;\ninclude "stdgates.inc";\n//@lepton weight w[2, 3];\n'.concat(
      ...Array.from({ length: 6 }, (_, i) => `input float[64] w_${i};\n`),
      "qubit q;\n",
      ...Array.from({ length: 6 }, (_, i) => `${i % 2 === 0 ? "rx" : "ry"}(w_${i}) q;\n`),
    ),
  );
  const value = async (w: unknown) => {
    const params = file("w.json", `\uFEFF${JSON.stringify({ w })}`);
    return (await runJson(["simulate", circuit, "--params", params, "--expect", "Z"])).json;
  };
  const nested = await value([
    [1, 2, 3],
    [4, 5, 6],
  ]);
  expect(nested.expectations).toEqual((await value([1, 2, 3, 4, 5, 6])).expectations);
  for (const wrong of [
    [
      [1, 4],
      [2, 5],
      [3, 6],
    ],
    [
      [1, 2, 3],
      [4, 5],
    ],
    [
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
    ],
  ])
    expect((await value(wrong)).error.code).toBe("PARAMS_SHAPE");
});

test("a state too long to print is refused as JSON, and cut for people", async () => {
  const wide = file("wide.qasm", 'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[21] q;\nh q[0];\n');
  const refused = await runJson(["simulate", wide]);
  expect([refused.status, refused.json.error.code]).toEqual([2, "STATE_TOO_LONG"]);
  expect((await run(["simulate", wide])).out.split("\n").length).toBe(3);
  const many = file("many.qasm", 'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[7] q;\nh q;\n');
  expect((await run(["simulate", many])).out).toMatch(
    /\n\.\.\. and 64 more amplitudes; --json prints all of them\.\n$/,
  );
});

test("a circuit that branches has no state to print, and is told what it has", async () => {
  const branches = file("branches.qasm", `${BELL}bit c;\nc = measure q[0];\nif (c) x q[1];\n`);
  const { status, json } = await runJson(["simulate", branches]);
  expect([status, json.error.code]).toEqual([2, "NO_STATEVECTOR"]);
  expect(json.error.message).toContain("--shots or --expect");
  expect((await runJson(["simulate", branches, "--shots", "5"])).status).toBe(0);
});

describe("gradient", () => {
  // <Z0> = cos t for rx(t), so the derivative is -sin t.
  test.each(["adjoint", "parameter-shift", "finite-difference"])("by %s is -sin t", async (method) => {
    const params = file("at.json", '{"theta": 0.4}');
    const { json, status } = await runJson([
      "gradient",
      rotation,
      "--params",
      params,
      "--expect",
      "IZ",
      "--method",
      method,
    ]);
    expect(status).toBe(0);
    expect(json.value).toBeCloseTo(Math.cos(0.4), 12);
    expect(json.gradient.theta).toBeCloseTo(-Math.sin(0.4), method === "finite-difference" ? 6 : 12);
    expect(json.method).toBe(method);
    expect(json.executions).toBeGreaterThan(0);
  });

  test("by auto, and says how: a circuit that measures goes by parameter shift", async () => {
    const args = ["--param", "theta=0.4", "--expect", "IZ"];
    expect((await runJson(["gradient", rotation, ...args])).json.method).toBe("adjoint");
    const dynamic = file("dynamic.qasm", `${ROTATION}bit c;\nc = measure q[1];\nx q[1];\n`);
    const { json } = await runJson(["gradient", dynamic, ...args]);
    expect(json.method).toBe("parameter-shift");
    expect(json.gradient.theta).toBeCloseTo(-Math.sin(0.4), 12);
    expect((await runJson(["gradient", rotation, "--param", "theta=0.4", "--expect", "IIZ"])).status).toBe(2);
  });

  test("refuses a second observable, of which only the last would count", async () => {
    const { json, status } = await runJson([
      "gradient",
      rotation,
      "--param",
      "theta=0",
      "--expect",
      "IZ",
      "--expect",
      "ZI",
    ]);
    expect([status, json.error.code]).toEqual([2, "USAGE"]);
    expect(json.error.message).toContain("once");
  });

  test("prints a line a parameter for people", async () => {
    const { out } = await run(["gradient", rotation, "--param", "theta=0", "--expect", "IZ"]);
    expect(out).toMatch(/^value\s+1\nd\/d theta\s+-?0\n/);
  });

  test.each([
    ["no observable", [], "USAGE"],
    ["a missing value", ["--expect", "ZZ"], "CIRCUIT_UNBOUND"],
    ["an unknown method", ["--expect", "ZZ", "--method", "guess"], "USAGE"],
  ])("refuses %s", async (_name, options, code) => {
    const { json, status } = await runJson(["gradient", rotation, ...options]);
    expect(json.error.code).toBe(code);
    expect(status).toBe(2);
  });
});

describe("qasm", () => {
  test("translates between versions", async () => {
    const old = await run(["qasm", measured, "--to", "2"]);
    expect(old.status).toBe(0);
    expect(old.out).toMatch(/^OPENQASM 2\.0;/);
    const back = await runJson(["qasm", file("old.qasm", old.out)]);
    expect(back.json).toMatchObject({
      version: 3,
      numQubits: 2,
      numClbits: 2,
      parameters: [],
      operations: { h: 1, cx: 1, measure: 2 },
    });
    expect(back.json.qasm).toMatch(/^OPENQASM 3/);
  });

  test("names file, line and column of an error", async () => {
    const path = file("broken.qasm", 'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[2] q;\nfoo q[0];\n');
    const { status, err, out } = await run(["qasm", path]);
    expect(status).toBe(2);
    expect(out).toBe("");
    expect(err).toMatch(new RegExp(`^${path}:4:1: [A-Z0-9_]+ .+`));
    expect(err).not.toMatch(/^\s+at /m);
    const { json } = await runJson(["qasm", path]);
    expect(json.error).toMatchObject({ file: path, line: 4, column: 1 });
  });

  test("refuses a file that is not there, and other versions", async () => {
    expect((await runJson(["qasm", "no/such.qasm"])).json.error).toEqual({
      code: "FILE_READ",
      message: "Cannot read no/such.qasm: there is no such file or folder.",
    });
    expect((await runJson(["qasm", bell, "--to", "4"])).json.error.code).toBe("USAGE");
  });
});

describe("draw", () => {
  test("draws text, or writes an SVG", async () => {
    const { out, status } = await run(["draw", bell]);
    expect(status).toBe(0);
    expect(out.split("\n").length).toBeGreaterThan(3);
    expect(out).toContain("┤ H ├");
    const svg = pathOf("bell.svg");
    const { json } = await runJson(["draw", bell, "--svg", svg]);
    expect(json.files).toEqual([svg]);
    expect(json.text.trimEnd()).toBe(out.trimEnd());
    expect(readFileSync(svg, "utf8")).toMatch(/^<svg [\s\S]*<\/svg>\s*$/);
    const quiet = await run(["draw", bell, "--svg", svg]);
    expect(quiet.out).toBe("");
    expect(quiet.err).toContain(svg);
  });

  test("refuses a file that cannot be written", async () => {
    const { json, status } = await runJson(["draw", bell, "--svg", pathOf("no/such/folder/x.svg")]);
    expect(json.error.code).toBe("FILE_WRITE");
    expect(status).toBe(2);
    expect(existsSync(pathOf("no"))).toBe(false);
  });
});

describe("the command line as a whole", () => {
  test("prints help with examples, for each command too, and its version", async () => {
    const help = await run(["--help"]);
    expect(help.status).toBe(0);
    const commands = "demo simulate gradient transpile qasm draw plan backends jobs account emulator".split(" ");
    for (const name of commands) {
      expect(help.out).toMatch(new RegExp(`^  ${name}\\b`, "m"));
      const own = await run([name, "--help"]);
      expect(own.status).toBe(0);
      expect(own.out).toContain("Example");
      if (name !== "jobs") expect(own.out).toContain("--json");
    }
    const { version } = JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8"));
    expect((await run(["--version"])).out.trim()).toBe(version);
  });

  test.each([
    ["no command", []],
    ["an unknown command", ["simulat"]],
    ["an unknown command with options", ["teleport", bell, "--device", "d"]],
    ["an unknown option", ["simulate", bell, "--fast"]],
    ["a missing argument", ["simulate"]],
    ["an argument too many", ["simulate", bell, bell]],
    ["an option without its value", ["simulate", bell, "--shots"]],
    ["help on an unknown command", ["teleport", "--help"]],
    ["help on nothing that there is", ["help", "teleport"]],
  ])("refuses %s", async (_name, argv) => {
    const { json, status, err } = await runJson(argv);
    expect(status).toBe(2);
    expect(json.error.code).toBe("USAGE");
    expect(err).toMatch(/^lepton: USAGE .+ See lepton( simulate)? --help\.\n$/);
    const [name] = argv[0] === "help" ? argv.slice(1) : argv;
    if (name !== undefined && name !== "simulate")
      expect(err).toContain(`"${name}" is no command of this version: demo, simulate,`);
  });

  test("names the option that was meant, and the help of the command", async () => {
    const { err } = await run(["simulate", bell, "--shot", "9"]);
    expect(err).toBe("lepton: USAGE unknown option '--shot' (Did you mean --shots?). See lepton simulate --help.\n");
    expect((await run(["jobs", "show"])).err).toBe(
      "lepton: USAGE missing required argument 'id'. See lepton jobs show --help.\n",
    );
  });
});
