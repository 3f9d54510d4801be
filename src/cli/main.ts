#!/usr/bin/env node

// Before anything is loaded that such a version cannot read.
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(
    `lepton: Node 22.18 or later is needed, and this is ${process.versions.node}. Install a newer one from https://nodejs.org.\n`,
  );
  process.exit(2);
}
if (import.meta.url.endsWith(".ts")) (await import("./own-sources.ts")).importOwnSources();
const { processIo } = await import("./io.ts");
const { runCli } = await import("./program.ts");

for (const stream of [process.stdout, process.stderr])
  stream.on("error", (error: NodeJS.ErrnoException) => {
    // A reader such as `head` has read enough; a full disk has not.
    if (error.code === "EPIPE") process.exit();
    process.exitCode = 1;
    if (stream === process.stdout)
      process.stderr.write(`lepton: FILE_WRITE Cannot write the output: ${error.message}\n`);
  });

const io = processIo();
const status = await runCli(process.argv.slice(2), io);
process.exitCode ||= status;
if (io.stopped) process.stdout.write("", () => process.stderr.write("", () => process.exit()));
