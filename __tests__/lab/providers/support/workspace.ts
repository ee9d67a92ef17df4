import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pinned } from "../../../../lab/providers/available";
import { serveProviders, type ServedProviders } from "../../../../lab/providers/serve";

export interface Outcome {
  readonly code: number;
  /** What a person at the terminal would read. */
  readonly text: string;
}

/** An attribute of an object of a state. */
export type Attributes = Record<string, unknown>;

export interface Change {
  readonly actions: string[];
  readonly before: Attributes | null;
  readonly after: Attributes | null;
}

/** A folder with a configuration, in which a real Terraform works with the stand-ins. */
export class Workspace {
  private constructor(
    readonly folder: string,
    private readonly providers: ServedProviders,
  ) {}

  /** Where the configuration says that its state is, in the folder. */
  stateFile = "terraform.tfstate";

  /** @param env what the providers find in their environment */
  static async open(env: NodeJS.ProcessEnv = {}): Promise<Workspace> {
    const folder = await mkdtemp(join(tmpdir(), "pgmoor-terraform-"));
    return new Workspace(folder, await serveProviders(env));
  }

  async close(): Promise<void> {
    await this.providers.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Writes the configuration and initializes the folder. */
  async init(configuration: object): Promise<void> {
    await this.write(configuration);
    await this.succeed("init");
  }

  async write(configuration: object): Promise<void> {
    const whole = { terraform: { required_providers: pinned }, ...configuration };
    // In lines, since Terraform shows the line of an error.
    await writeFile(join(this.folder, "main.tf.json"), JSON.stringify(whole, null, 1));
  }

  apply(...options: string[]): Promise<Outcome> {
    return this.run("apply", "-auto-approve", "-input=false", ...options);
  }

  /** What a plan would change, by address; nothing that stays as it is. */
  async plan(...options: string[]): Promise<Record<string, Change>> {
    await this.succeed("plan", "-input=false", "-out=plan", ...options);
    const { resource_changes: changes } = JSON.parse(await this.succeed("show", "-json", "plan")) as {
      resource_changes?: { address: string; change: Change }[];
    };
    const changing = (changes ?? []).filter(({ change }) => change.actions.join() !== "no-op");
    return Object.fromEntries(changing.map(({ address, change }) => [address, change]));
  }

  /** Everything of the last plan, as Terraform tells it to programs. */
  planned(): Promise<string> {
    return this.succeed("show", "-json", "plan");
  }

  /** The attributes in the state, by address; a tainted object's address has `(tainted)` after it. */
  async state(): Promise<Record<string, Attributes>> {
    const { resources } = JSON.parse(await this.stateText()) as {
      resources: { type: string; name: string; instances: { attributes: Attributes; status?: string }[] }[];
    };
    return Object.fromEntries(
      resources.map(({ type, name, instances: [instance] }) => [
        `${type}.${name}${instance?.status === "tainted" ? " (tainted)" : ""}`,
        instance?.attributes ?? {},
      ]),
    );
  }

  stateText(): Promise<string> {
    return readFile(join(this.folder, this.stateFile), "utf8");
  }

  removeState(): Promise<void> {
    return rm(join(this.folder, this.stateFile));
  }

  writeState(text: string): Promise<void> {
    return writeFile(join(this.folder, this.stateFile), text);
  }

  /** Runs a Terraform command that has to work. */
  async succeed(command: string, ...options: string[]): Promise<string> {
    const { code, text } = await this.run(command, ...options);
    if (code !== 0) throw new Error(`terraform ${command} failed:\n${text}`);
    return text;
  }

  run(command: string, ...options: string[]): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      const terraform = spawn("terraform", [command, ...options], {
        cwd: this.folder,
        env: {
          PATH: process.env.PATH,
          HOME: this.folder,
          ...attached(this.providers),
          TF_CLI_ARGS: "-no-color",
        },
        stdio: ["ignore", "pipe", "pipe"],
      });
      const chunks: Buffer[] = [];
      terraform.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
      terraform.stderr.on("data", (chunk: Buffer) => chunks.push(chunk));
      terraform.on("error", reject);
      terraform.on("close", (code) => resolve({ code: code ?? -1, text: Buffer.concat(chunks).toString() }));
    });
  }
}

export function attached({ reattach }: ServedProviders): Record<string, string> {
  return { TF_REATTACH_PROVIDERS: reattach, CHECKPOINT_DISABLE: "1" };
}

/** A text in which Terraform's line breaks do not count. */
export function unwrapped({ text }: Outcome): string {
  return text.replace(/\s+/g, " ");
}
