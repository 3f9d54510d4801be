import { connect, createServer, type Server, type Socket } from "node:net";

/** What becomes of the next commit that a client sends. */
export type CommitFate =
  /** The connection is cut before the server gets it. */
  | "before"
  /** The server gets it, its answer is swallowed, and the connection is cut. */
  | "after";

/** Stands between clients and a PostgreSQL server and cuts connections at the moment that matters. */
export class PostgresProxy implements AsyncDisposable {
  readonly #server: Server;
  readonly #target: number;
  readonly #sockets = new Set<Socket>();
  readonly #fates: CommitFate[] = [];
  /** How many commits were cut. */
  cuts = 0;
  /** New connections are refused. */
  closed = false;
  /** After the next cut, connections are refused. */
  closeAfterCut = false;

  private constructor(server: Server, target: number) {
    this.#server = server;
    this.#target = target;
  }

  static async start(targetPort: number): Promise<PostgresProxy> {
    const server = createServer();
    const proxy = new PostgresProxy(server, targetPort);
    server.on("connection", (client) => proxy.#join(client));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  /** The URL of a database, through the proxy. */
  through(url: string): string {
    return url.replace(`:${this.#target}/`, `:${(this.#server.address() as { port: number }).port}/`);
  }

  cutNextCommits(...fates: readonly CommitFate[]): void {
    this.#fates.push(...fates);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #join(client: Socket): void {
    if (this.closed) {
      client.destroy();
      return;
    }
    const server = connect(this.#target, "127.0.0.1");
    let cut = false;
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(from);
      from.on("error", () => to.destroy());
      from.on("close", () => {
        this.#sockets.delete(from);
        to.destroy();
      });
    }
    server.on("data", (bytes) => {
      if (cut) client.destroy();
      else client.write(bytes);
    });
    client.on("data", (bytes) => {
      const fate = bytes.includes("COMMIT\0") ? this.#fates.shift() : undefined;
      if (fate !== undefined) {
        cut = true;
        this.cuts++;
        this.closed = this.closeAfterCut;
      }
      if (fate === "before") client.destroy();
      else server.write(bytes);
    });
  }
}
