/** `cdktf` and Terraform on the lab's environment, as a user runs them, with their output kept in the lab's folder. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { environmentVariable } from "../environments/model/load";
import { labFactsFile, labName, labVariable, type LabFacts } from "../environments/lab";
import { terraformProgram } from "../terraform-states/program";
import { onInterrupt } from "./servers/cleanup";
import { programsDestination } from "./servers/host-folders";
import type { Lab } from "./servers/lab";
import { namespace, personVariables, region } from "./servers/secure";

export type LabService = LabFacts["services"][number];

/** The central server as a job of pgmoor's, and what goes with it. */
type Central = Pick<LabFacts, "server" | "backups" | "monitoring">;

/** How a command ended, and what it printed. */
export interface Outcome {
  readonly succeeded: boolean;
  /** Without colours. */
  readonly output: string;
}

/** Told what a program prints, as it does. */
type Watch = (text: string, program: ChildProcess) => void;

export interface DeploymentOptions {
  readonly lab: Lab;
  readonly services: readonly LabService[];
  /** `TF_REATTACH_PROVIDERS` of the stand-ins; absent: Terraform installs the real providers. */
  readonly reattach: string | undefined;
}

const project = path.resolve(__dirname, "..");
/** Not through npx, which would ask for a newer npm. */
const cdktfProgram = path.join(project, "node_modules/.bin/cdktf");

export class Deployment {
  private services: Map<string, LabService>;
  private adopted: LabFacts["adopted"] = [];
  private states: LabFacts["states"] = "folder";
  private central: Central = {};
  private runs = 0;
  private saves = 0;
  private saved: Promise<void> = Promise.resolve();

  constructor(private readonly options: DeploymentOptions) {
    this.services = new Map(options.services.map((service) => [service.name, service]));
  }

  /** `TF_REATTACH_PROVIDERS` of the stand-ins; absent with the real providers. */
  get reattach(): string | undefined {
    return this.options.reattach;
  }

  /** Changes services in the environment, as its user would in the file; the answer takes the change back. */
  async edit(names: readonly string[], change: Partial<LabService>): Promise<() => Promise<void>> {
    const before = new Map(this.services);
    for (const name of names) this.services.set(name, { ...this.services.get(name)!, ...change });
    await this.save();
    return async () => {
      this.services = before;
      await this.save();
    };
  }

  /** A service as the environment has it. */
  service(name: string): LabService {
    return this.services.get(name)!;
  }

  /** Deletes a service from the environment; the answer puts it back. */
  async remove(name: string): Promise<() => Promise<void>> {
    const service = this.service(name);
    this.services.delete(name);
    await this.save();
    return () => this.add(service);
  }

  /** Where the states are from now on. */
  async keepStates(states: LabFacts["states"]): Promise<void> {
    this.states = states;
    await this.save();
  }

  /** The central server, its backups and what watches it, from now on. */
  async keepServer(central: Central): Promise<void> {
    this.central = central;
    await this.save();
  }

  async add(service: LabService): Promise<void> {
    this.services.set(service.name, service);
    await this.save();
  }

  /** Says which services with jobs of their own the environment has. */
  async adopt(services: LabFacts["adopted"]): Promise<void> {
    this.adopted = services;
    await this.save();
  }

  /** Writes the environment; `nomad` where another address than the lab's is meant. */
  save(nomad = this.options.lab.nomad.address): Promise<void> {
    // One after the other: the last to be asked for is the last to be written.
    this.saved = this.saved.then(() => this.write(nomad));
    return this.saved;
  }

  private async write(nomad: string): Promise<void> {
    const { lab } = this.options;
    const facts: LabFacts = {
      nomad,
      vault: lab.vault.address,
      consul: lab.consul.address,
      ...(lab.secure === undefined
        ? {}
        : {
            closed: {
              region,
              namespace,
              caFile: lab.secure.certificates.ca,
              vaultNamespace: lab.secure.vaultNamespace,
            },
          }),
      mounts: lab.programMounts.map(({ volume, destination }) => ({ volume, path: destination })),
      states: this.states,
      node: lab.node,
      programs: programsDestination,
      embedded: lab.embedded,
      ...this.central,
      services: [...this.services.values()],
      adopted: this.adopted,
    };
    // Another chapter's cdktf may be reading it.
    const file = path.join(lab.directory, labFactsFile);
    const next = `${file}.${++this.saves}`;
    await fs.writeFile(next, JSON.stringify(facts, undefined, 2));
    await fs.rename(next, file);
    for (const folder of [this.output, "states", "logs", "plans"])
      await fs.mkdir(path.resolve(lab.directory, folder), { recursive: true });
  }

  /**
   * @param machine with a working folder of its own @default the lab's
   */
  deploy(names: readonly string[], machine = ""): Promise<Outcome> {
    return this.cdktf("deploy", names, machine, ["--auto-approve", "--skip-provider-lock"]);
  }

  list(): Promise<Outcome> {
    return this.cdktf("list", [], "", []);
  }

  destroy(names: readonly string[]): Promise<Outcome> {
    return this.cdktf("destroy", names, "", ["--auto-approve", "--skip-provider-lock"]);
  }

  /** Plans a service as CI would, and keeps the plan as JSON in the lab's folder. */
  async plan(service: string): Promise<void> {
    const file = path.join(this.options.lab.directory, "plans", `${service}-${this.runs}`);
    const steps = [
      () => this.synthesize(),
      () => this.terraform(service, ["init", "-input=false"]),
      () => this.terraform(service, ["plan", "-input=false", `-out=${file}`]),
    ];
    for (const step of steps) {
      const { succeeded, output } = await step();
      if (!succeeded) throw new Error(output);
    }
    const { output } = await this.terraform(service, ["show", "-json", file]);
    await fs.writeFile(`${file}.json`, output);
  }

  /**
   * Terraform in a stack's folder, as `synthesize` made it last.
   * @param env what differs from the lab's own
   */
  terraform(
    service: string,
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
    watch?: Watch,
  ): Promise<Outcome> {
    const folder = path.join(
      this.output,
      "all/environments",
      labName(this.options.lab.directory),
      "stacks",
      service,
    );
    const command = [`-chdir=${folder}`, ...args, "-no-color"];
    return this.run(`terraform-${args[0]}-${service}`, [terraformProgram(), command], env, watch);
  }

  /** A script of a workflow, as a runner runs it. */
  script(name: string, command: string, env: Readonly<Record<string, string>>): Promise<Outcome> {
    return this.run(name, ["bash", ["-e", "-o", "pipefail", "-c", command]], env);
  }

  /** Removes a service's state: whoever looks for services that are gone finds none. */
  async forget(service: string): Promise<void> {
    await fs.rm(this.stateFile(service), { force: true });
    await fs.rm(`${this.stateFile(service)}.backup`, { force: true });
  }

  stateFile(service: string): string {
    return path.join(this.options.lab.directory, "states", `${service}.tfstate`);
  }

  /** Only what main.ts does: a tenth of what the command line takes. */
  synthesize(env: Readonly<Record<string, string>> = {}): Promise<Outcome> {
    const outdir = { CDKTF_OUTDIR: path.join(this.output, "all") };
    return this.run("synth", [process.execPath, ["-r", "tsx/cjs", "main.ts"]], { ...outdir, ...env });
  }

  /** A command of `npm run pgmoor`. */
  pgmoor(command: string, args: readonly string[], env: Readonly<Record<string, string>>): Promise<Outcome> {
    return this.run(
      `pgmoor-${command}`,
      [process.execPath, ["-r", "tsx/cjs", "cli/main.ts", command, ...args]],
      env,
    );
  }

  private get output(): string {
    return path.join(this.options.lab.directory, "cdktf.out");
  }

  // Locking the providers asks the registry, whether or not they come from there.
  private cdktf(
    command: string,
    names: readonly string[],
    machine: string,
    flags: readonly string[],
  ): Promise<Outcome> {
    // A folder for each set of stacks, so that two commands can run at a time.
    const output = path.join(this.output, [...names, machine].join("-"));
    const args = [command, ...names, "--output", output, ...flags];
    return this.run(`${command}-${names.join("-")}`, [cdktfProgram, args], pluginCache(output));
  }

  private async run(
    name: string,
    [program, args]: [string, string[]],
    env: Readonly<Record<string, string>> = {},
    watch?: Watch,
  ): Promise<Outcome> {
    const { lab, reattach } = this.options;
    const log = path.join(lab.directory, "logs", `${String(++this.runs).padStart(2, "0")}-${name}.log`);
    const child = spawn(program, args, {
      cwd: project,
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        ...process.env,
        [environmentVariable]: "lab",
        [labVariable]: lab.directory,
        ...personVariables(lab),
        ...(reattach === undefined ? {} : { TF_REATTACH_PROVIDERS: reattach }),
        ...noPhoningHome,
        ...env,
      },
    });
    const takeBack = onInterrupt(() => Promise.resolve(void child.kill("SIGTERM")));
    const file = createWriteStream(log);
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8");
      stream.on("data", (text: string) => {
        output += text;
        file.write(text);
        watch?.(text, child);
      });
    }
    const [code] = (await once(child, "close")) as [number | null];
    file.end();
    takeBack();
    return { succeeded: code === 0, output: output.replace(/\x1b\[[0-9;?]*[A-Za-z]/g, "") };
  }
}

/**
 * A cache of providers for one command at a time: Terraform's is not safe for several, and cdktf's, in the home folder, is
 * everybody's.
 */
export function pluginCache(folder: string): Record<string, string> {
  return { TF_PLUGIN_CACHE_DIR: path.join(folder, "plugin-cache") };
}

/** Neither Terraform nor cdktf asks its maker for a newer version; output is for a file. */
const noPhoningHome = {
  CHECKPOINT_DISABLE: "1",
  TF_IN_AUTOMATION: "1",
  FORCE_COLOR: "0",
  CI: "1",
};
