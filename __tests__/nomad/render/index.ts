import { execFileSync } from "node:child_process";

export interface Case {
  readonly template: string;
  readonly secrets?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly services?: Readonly<Record<string, readonly { Address: string; Port: number }[]>>;
  readonly env?: Readonly<Record<string, string>>;
}

export interface Rendered {
  readonly Output: string;
  readonly Error: string;
  readonly Waiting: readonly string[] | null;
}

/** Renders templates with Go's own engine: what Nomad's is built on. */
export function render(cases: readonly Case[]): Rendered[] {
  const output = execFileSync("go", ["run", "."], {
    cwd: __dirname,
    input: JSON.stringify(cases),
    encoding: "utf8",
    maxBuffer: 1 << 28,
    env: { ...process.env, GOTOOLCHAIN: "local", GOFLAGS: "-mod=mod" },
  });
  return JSON.parse(output) as Rendered[];
}

/** The variables of an env file whose values are JSON strings: the form of hashicorp/go-envparse that pgmoor writes. */
export function variables(envFile: string): Record<string, string> {
  return Object.fromEntries(
    envFile
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => {
        const [, name, value] = /^([A-Za-z_][A-Za-z0-9_.]*)=(".*")$/.exec(line) ?? [];
        if (name === undefined || value === undefined) throw new Error(`not a line of an env file: ${line}`);
        return [name, String(JSON.parse(value))];
      }),
  );
}
