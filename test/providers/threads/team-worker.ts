import { serveTeam } from "../../../providers/simulator/threads/team-worker.ts";
import { work } from "./team-work.ts";

serveTeam(work);
