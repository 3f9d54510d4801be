// Type-checks a project with all declarations it loads, those of the installed package included. Only the declarations
// of TensorFlow.js 4.22 are let off: they contradict each other under `strict`, whoever loads them.
import { dirname } from "node:path";
import ts from "typescript";

const [, , project] = process.argv;
const { config, error } = ts.readConfigFile(project, ts.sys.readFile);
if (error !== undefined) throw new Error(ts.flattenDiagnosticMessageText(error.messageText, "\n"));
const { fileNames, options, errors } = ts.parseJsonConfigFileContent(config, ts.sys, dirname(project));
const program = ts.createProgram(fileNames, options);
const files = program.getSourceFiles().map(({ fileName }) => fileName);
const own = files.filter((name) => name.includes("/node_modules/lepton/"));
if (own.length === 0) throw new Error("No declaration of the installed package was loaded.");
const found = [...errors, ...ts.getPreEmitDiagnostics(program)].filter(
  ({ file }) => file === undefined || !file.fileName.includes("/node_modules/@tensorflow/"),
);
const host = { getCanonicalFileName: (name) => name, getCurrentDirectory: () => process.cwd(), getNewLine: () => "\n" };
console.log(ts.formatDiagnostics(found, host));
console.log(`${own.length} of the package's declaration files checked, ${found.length} errors`);
process.exitCode = found.length === 0 ? 0 : 1;
