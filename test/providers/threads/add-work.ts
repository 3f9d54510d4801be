import type { Work } from "../../../providers/simulator/threads/index.ts";
export interface Scaling {
  readonly factor: number;
  readonly length: number;
}
export const add: Work<Scaling> = ({ f64 }, { factor, length }, step, chunk) => {
  const start = chunk * length;
  for (let i = start; i < start + length; i++) f64[i] = f64[i]! * factor + step;
};
