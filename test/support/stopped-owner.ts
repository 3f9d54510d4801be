/** A process that claims a run, stops itself in the middle of an append, and says what became of it when it goes on. */
import { writeSync } from "node:fs";
import { postgresStore } from "../../src/runs/postgres/postgres-store.ts";
import { thisOwner } from "../../src/runs/process-identity.ts";

const say = (line: string): void => {
  writeSync(1, `${line}\n`);
};
const store = await postgresStore(process.env.URL_OF_LEDGER!);
const lease = await store.claim("stopped", thisOwner(), Number(process.env.TTL ?? 1));
say("claimed");
let stopped = false;
const appended = store.append(lease, {
  events: () => {
    if (!stopped) {
      stopped = true;
      say("stopping");
      process.kill(process.pid, "SIGSTOP");
    }
    return [{ type: "waiting", words: "written by an owner that is none any more" }];
  },
});
say(await appended.then(() => "written").catch((error) => error.code));
say(
  await store
    .renew(lease, 30)
    .then(() => "renewed")
    .catch((error) => error.code),
);
await store.close();
