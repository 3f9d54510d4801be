import { COLOURS, figure } from "../application/figure.ts";
import type { PictureTools } from "../picture-tools.ts";
import { type Jobs, makespan, type Schedule } from "./schedule.ts";

/** Gantt charts, one below the other: a bar for each operation on its machine, coloured by job. */
export function schedulePicture(
  tools: PictureTools,
  jobs: Jobs,
  schedules: readonly { readonly title: string; readonly schedule: Schedule }[],
  horizon: number,
): string {
  const { Plot } = tools;
  const bars = schedules.flatMap(({ title, schedule }) =>
    jobs.flatMap((job, j) =>
      job.map(({ machine, slots }, o) => ({
        ...{ title: `${title}: ${makespan(jobs, schedule)} slots`, machine: `machine ${machine + 1}` },
        ...{ start: schedule[j]![o]!, end: schedule[j]![o]! + slots, job: `job ${j + 1}`, text: `${j + 1}.${o + 1}` },
      })),
    ),
  );
  const place = { y: "machine", fy: "title" } as const;
  return figure(
    tools,
    "Job-shop schedules",
    "Each bar is an operation, job.step; a job's steps follow each other, and a machine does one thing at a time",
    {
      width: 900,
      height: 120 + 190 * schedules.length,
      marginTop: 96,
      marginLeft: 92,
      marginRight: 40,
      marginBottom: 52,
      x: { label: "slot", domain: [0, horizon], ticks: horizon, grid: true, labelAnchor: "center", labelArrow: "none" },
      y: { label: null },
      fy: { label: null, axis: null, padding: 0.28, domain: [...new Set(bars.map(({ title }) => title))] },
      color: { domain: jobs.map((_, j) => `job ${j + 1}`), range: [...COLOURS] },
      marks: [
        Plot.barX(bars, { ...place, x1: "start", x2: "end", fill: "job", insetLeft: 1, insetRight: 1, rx: 3 }),
        Plot.text(bars, { ...place, x: ({ start, end }) => (start + end) / 2, text: "text", fill: "#ffffff" }),
        Plot.text(
          [...new Set(bars.map(({ title }) => title))].map((title) => ({ title })),
          { fy: "title", text: "title", frameAnchor: "top-left", dy: -18, fontWeight: 600 },
        ),
      ],
    },
  );
}
