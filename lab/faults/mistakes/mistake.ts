/**
 * Mistakes that people make with a service that runs. Each is deployed by `cdktf deploy`, as they would: it goes through, or it
 * stops before anything is written and says what to do; and what it says works.
 */
import type { LabService, Outcome } from "../../deployment";
import { call } from "../../servers/api";
import { databaseOf } from "../../story/context";
import { expectThat, tail } from "../../story/expectations";
import type { Bench } from "../bench";
import { expectDocumented } from "../documented";
import type { Fault } from "../fault";
import type { Standing, Subject } from "../subjects";

export interface Mistake {
  readonly name: string;
  readonly about: string;
  readonly strikes: readonly Standing[];
  readonly make: (bench: Bench, subject: Subject) => Promise<void>;
  /** What the deploy says when it stops. @default it goes through */
  readonly says?: RegExp;
  /** What the message says to do. @default nothing */
  readonly cure?: (bench: Bench, subject: Subject) => Promise<void>;
}

export function mistake({ name, about, strikes, make, says, cure }: Mistake): Fault {
  return {
    name,
    about,
    strikes,
    async inject(bench, struck) {
      for (const subject of oneOfEach(struck)) {
        await make(bench, subject);
        if (says !== undefined) await expectStop(bench, subject, says);
        await cure?.(bench, subject);
        await bench.deploy([subject]);
        bench.tell(`${subject.service.name}: deployed`);
        await expectNothingToDo(bench, subject);
      }
    },
  };
}

/** The first service of each standing. The others run beside it. */
export function oneOfEach(struck: readonly Subject[]): Subject[] {
  return [...new Map(struck.toReversed().map((subject) => [subject.standing, subject])).values()];
}

/** The deploy fails with these words, and has written nothing. */
export async function expectStop(bench: Bench, subject: Subject, says: RegExp): Promise<void> {
  const { name } = subject.service;
  const before = await written(bench, subject);
  const outcome = await bench.deployment.deploy([name]);
  expectThat(!outcome.succeeded, `the deploy of ${name} should have stopped`, tail(outcome));
  const said = sentence(outcome, says);
  expectThat(said !== undefined, `the deploy of ${name} should have said ${says.source}`, tail(outcome));
  expectThat(
    (await written(bench, subject)) === before,
    `the deploy of ${name} stopped, but wrote something`,
  );
  expectDocumented(said);
  bench.tell(`${name}: stopped before anything was written: ${said}`);
}

/** The same deploy once more finds nothing to change. */
export async function expectNothingToDo(bench: Bench, { service }: Subject): Promise<void> {
  const outcome = await bench.deployment.deploy([service.name]);
  expectThat(
    outcome.succeeded && outcome.output.includes("No changes."),
    `a second deploy of ${service.name} should change nothing`,
    tail(outcome),
  );
}

/** The message, without the frame and the line breaks that Terraform and cdktf give it. */
export function sentence({ output }: Outcome, says: RegExp): string | undefined {
  const text = output
    .split("\n")
    .map((line) => line.replace(/^[^│]*│\s?/, "").trim())
    .join(" ")
    .replace(/\s+/g, " ");
  return says.exec(text)?.[0];
}

/** What a deploy could have changed: the secret's versions, the job's, and the role's password. */
async function written(bench: Bench, { service }: Subject): Promise<string> {
  // Without the request's id, which is another each time.
  const secret = await vaultOf(bench, "GET", `metadata/postgres/${databaseOf(service)}`).then(
    (answer) => (answer as { data: unknown }).data,
    () => "none",
  );
  const job = await bench.nomad.job(service.name);
  const roles = await bench.asAdmin("postgres", (client) =>
    client
      .query<{ rolname: string; rolpassword: string }>(
        "SELECT rolname, rolpassword FROM pg_authid ORDER BY 1",
      )
      .then(({ rows }) => rows),
  );
  return JSON.stringify([secret, job.Version, roles]);
}

/** A call of Vault's KV v2 engine at `secret/`. */
export function vaultOf(
  { lab }: Bench,
  method: "GET" | "POST" | "DELETE",
  path: string,
  body?: unknown,
): Promise<unknown> {
  const headers = { "X-Vault-Token": lab.vault.token };
  return call(`${lab.vault.address}/v1/secret/${path}`, { method, body, headers });
}

/** The next version of a service's password, wherever it stands. */
export async function rotate(bench: Bench, { service }: Subject): Promise<void> {
  const { passwordVersion = 1 } = bench.deployment.service(service.name);
  await bench.deployment.edit([service.name], { passwordVersion: passwordVersion + 1 });
}

export function words(...existing: LabService["existing"]): Pick<LabService, "existing"> {
  return { existing };
}
