import { ScheduleError } from "../errors.ts";

type Croner = typeof import("croner");

/**
 * The package that knows cron expressions, which is an optional peer.
 * @throws ScheduleError SCHEDULE_PACKAGE with the line that installs it
 */
export async function loadCroner(load: () => Promise<Croner> = () => import("croner")): Promise<Croner> {
  try {
    return await load();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") throw error;
    throw new ScheduleError(
      "SCHEDULE_PACKAGE",
      "Package croner is not installed; schedules need it: npm install croner",
      {
        cause: error,
      },
    );
  }
}
