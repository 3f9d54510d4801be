/** Why a job that was accepted fails, with the code and the words that its state then shows. */
export class JobFailure extends Error {
  readonly reasonCode: number;
  readonly solution: string;
  constructor(reasonCode: number, message: string, solution = "") {
    super(message);
    this.reasonCode = reasonCode;
    this.solution = solution;
  }
}
