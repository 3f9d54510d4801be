import { serveTeam } from "../../../providers/simulator/threads/team-worker.ts";
import { add } from "./add-work.ts";

serveTeam(add);
