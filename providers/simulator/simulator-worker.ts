import { doChunk } from "./simulator-work.ts";
import { serveTeam } from "./threads/team-worker.ts";

serveTeam(doChunk);
