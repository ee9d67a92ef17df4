/** The commands of `npm run lab`: their names, options and help. */
import { Command, Option } from "commander";
import { tmpdir } from "node:os";
import * as path from "node:path";
import type { Kinds } from "./kinds";

/** Where `up` puts a lab, and where the other commands look for one. */
export const defaultFolder = path.join(tmpdir(), "pgmoor-lab");

type Forks = Pick<Kinds, "opentofu" | "openbao">;

interface InFolder {
  readonly folder: string;
}

export interface FaultOptions {
  readonly list?: boolean;
  readonly quick?: boolean;
  readonly keep?: boolean;
}

/** What each command does. */
export interface LabActions {
  readonly run: (options: { keep?: boolean; folder?: string } & Forks) => Promise<void>;
  readonly up: (options: InFolder) => Promise<void>;
  readonly review: (options: { keep?: boolean }) => Promise<void>;
  readonly adopt: (options: { keep?: boolean } & Kinds) => Promise<void>;
  readonly faults: (names: string[], options: FaultOptions) => Promise<void>;
  readonly backups: (options: { keep?: boolean }) => Promise<void>;
  readonly server: (options: { keep?: boolean }) => Promise<void>;
  readonly monitoring: (options: { keep?: boolean; picture?: string }) => Promise<void>;
  readonly exec: (command: string[], options: InFolder) => Promise<void>;
  readonly status: (options: InFolder) => Promise<void>;
  readonly down: (options: InFolder) => Promise<void>;
}

const openTofu = () => new Option("--opentofu", "OpenTofu in place of Terraform");
const openBao = () => new Option("--openbao", "OpenBao in place of Vault");

export function labCommands(actions: LabActions): Command {
  const program = new Command("npm run lab --").description(
    "run Consul, Vault, Nomad and PostgreSQL on 127.0.0.1, and move services to that PostgreSQL",
  );
  // Options after the command of `exec` are that command's own.
  program.enablePositionalOptions();
  const folderOption = ["--folder <folder>", "the lab's folder", defaultFolder] as const;
  program
    .command("run", { isDefault: true })
    .description(
      "start the servers, move services, check every row, make moves fail and recover, stop everything",
    )
    .option("--keep", "leave the lab running at the end")
    .option("--folder <folder>", "the lab's folder: new or empty (default: a new temporary one)")
    .addOption(openTofu())
    .addOption(openBao())
    .action(actions.run);
  program
    .command("up")
    .description("start the lab with services on their sources, and leave it running")
    .option(...folderOption)
    .action(actions.up);
  program
    .command("review")
    .description("plan, review, merge and deploy pull requests, without a forge")
    .option("--keep", "leave the lab running at the end")
    .action(actions.review);
  program
    .command("adopt")
    .description("adopt five jobs that were written in HCL, move them and move them back")
    .option("--keep", "leave the lab running at the end")
    .addOption(openTofu())
    .addOption(openBao())
    .option(
      "--secure",
      "TLS with client certificates to Nomad, Vault and Consul, ACLs in Nomad and Consul, a region and a namespace in Nomad, and with OpenBao one there",
    )
    .action(actions.adopt);
  program
    .command("faults")
    .description(
      "kill servers, drain nodes and purge jobs; measure which services come back, when, and with which rows",
    )
    .argument("[names...]", "which faults (default: all)")
    .option("--list", "list the faults and exit")
    .option("--quick", "only the quick ones, which take a few minutes in all")
    .option("--keep", "leave the lab running at the end")
    .action(actions.faults);
  program
    .command("backups")
    .description(
      "run PostgreSQL as a Nomad job, back it up to S3, lose tables, databases and all data, restore them",
    )
    .option("--keep", "leave the lab running at the end")
    .action(actions.backups);
  program
    .command("server")
    .description("adopt a PostgreSQL that somebody set up by hand as a Nomad job, with five services on it")
    .option("--keep", "leave the lab running at the end")
    .action(actions.server);
  program
    .command("monitoring")
    .description(
      "watch the server with Prometheus; make every alert fire by a real fault, and stop after its cure",
    )
    .option("--keep", "leave the lab running at the end")
    .option("--picture <file>", "draw the dashboard into this SVG file")
    .action(actions.monitoring);
  program
    .command("exec")
    .description(
      "run a command with the lab's addresses and tokens in its environment, such as npx cdktf diff, or bash",
    )
    .option(...folderOption)
    .argument("<command...>")
    .passThroughOptions()
    .action(actions.exec);
  program
    .command("status")
    .description("show what runs, and where")
    .option(...folderOption)
    .action(actions.status);
  program
    .command("down")
    .description("stop the lab and remove its folder")
    .option(...folderOption)
    .action(actions.down);
  return program;
}
