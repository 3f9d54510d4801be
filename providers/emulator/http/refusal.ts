/** What a client did wrong, or what the service cannot do: becomes an answer in IBM's form. */
export class Refusal extends Error {
  readonly status: number;
  /** IBM's code of the error. */
  readonly ibmCode: number;
  readonly solution: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    ibmCode: number,
    message: string,
    solution = "",
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.status = status;
    this.ibmCode = ibmCode;
    this.solution = solution;
    this.headers = headers;
  }
}

export const notFound = (what: string): Refusal =>
  new Refusal(404, 1291, `${what} not found.`, "Check the id and that it belongs to this instance.");
