#!/usr/bin/env node
import { processIo } from "./io.ts";
import { runCli } from "./program.ts";

for (const stream of [process.stdout, process.stderr])
  stream.on("error", (error: NodeJS.ErrnoException) => {
    // A reader such as `head` has read enough; a full disk has not.
    if (error.code === "EPIPE") process.exit();
    process.exitCode = 1;
    if (stream === process.stdout)
      process.stderr.write(`lepton: FILE_WRITE Cannot write the output: ${error.message}\n`);
  });

const status = await runCli(process.argv.slice(2), processIo());
process.exitCode ||= status;
