import type { Command } from "commander";
import type * as Action from "./actions/adopt";

/** `adopt`: a definition of a job that runs. */
export function addAdopt(program: Command): void {
  program
    .command("adopt")
    .description("write the definition of a job that runs in Nomad, and its line in the environment")
    .argument("[job]", "the job's ID in Nomad")
    .option("--all", "every job of the namespace that has a database; print a table")
    .option("--dry-run", "write nothing; print what would be written")
    .option(
      "--secrets-to-vault",
      "write the secrets that the job has in plain sight to Vault; the definition reads them there",
    )
    .option("--force", "replace a definition that exists")
    .addHelpText("after", help)
    .action((job: string | undefined, options: Action.AdoptOptions) =>
      (require("./actions/adopt") as typeof Action).adopt(job, options),
    );
}

const help = `
It reads the job from Nomad and changes nothing there. The definition gives the same job back: Nomad's own plan says so.
What pgmoor cannot tell is todo("…") in the definition: TypeScript refuses it, and so does every command, until you answer.
It also looks at the clients' host volumes and at the job's services in Consul, and notes what a person should know.
It finds Nomad and Consul by the environment, NOMAD_TOKEN and CONSUL_HTTP_TOKEN.

Exit code:
  0  written, or nothing to write
  1  the job is refused, or the definition has questions
  2  the environment or the arguments are wrong, or Nomad does not answer`;
