import { serveTeam } from "../threads/team-worker.ts";
import { doTiles } from "./tile-work.ts";

serveTeam(doTiles);
