import { openStore } from "../../src/runs/open-store.ts";
import { type RaceCourse, race } from "./budget-racer.ts";

/** One racer as a process of its own: location, run and course as arguments, its report as JSON on stdout. */
const [location, runId, course] = process.argv.slice(2);
const store = await openStore(location!);
console.log(JSON.stringify(await race(store, runId!, JSON.parse(course!) as RaceCourse)));
await store.close();
