import { readFileSync } from "node:fs";

/** The version in the package's own package.json, found upwards from this file: sources and build lie at different depths. */
export function packageVersion(): string {
  for (let folder = new URL(".", import.meta.url); ; folder = new URL("..", folder)) {
    try {
      const json = JSON.parse(readFileSync(new URL("package.json", folder), "utf8")) as {
        name?: string;
        version: string;
      };
      if (json.name === "lepton") return json.version;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
    if (folder.pathname === "/") return "unknown";
  }
}
