/**
 * Makes the plans that the review is tested with: `npx tsx __tests__/review/make-plans.ts [SITUATION…]`.
 *
 * Real Terraform plans our synthesized stacks, with the lab's provider stand-ins, against a real PostgreSQL and small servers
 * that stand for Vault, Nomad and Consul. What is kept of a plan is what the review reads, without what differs each time.
 */
import { randomBytes } from "node:crypto";
import * as fs from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { startPostgres } from "../../lab/servers/postgres";
import { planSchema, stackSchema } from "../../review/terraform-plan";
import { planFile, stackFile } from "../../review/read";
import { situations } from "./situations";
import { Stage } from "./stage";

const destination = path.join(__dirname, "plans");

async function main(wanted: readonly string[]): Promise<void> {
  const directory = await fs.mkdtemp(path.join(tmpdir(), "pgmoor-plans-"));
  const password = randomBytes(18).toString("base64url");
  const server = await startPostgres({ directory, password, fsync: false });
  process.env.PGMOOR_TEST_PG = JSON.stringify({
    host: server.host,
    port: server.port,
    user: server.user,
    password,
  });
  try {
    for (const [name, make] of Object.entries(situations)) {
      if (wanted.length > 0 && !wanted.includes(name)) continue;
      const stage = await Stage.open();
      try {
        await make(stage);
        const { plan, stack } = await stage.planned();
        await keep(name, plan, stack);
        console.log(name);
      } catch (error) {
        throw new Error(`${name}: ${(error as Error).message}`, { cause: error });
      } finally {
        await stage.close();
      }
    }
  } finally {
    await server.stop();
    await fs.rm(directory, { recursive: true, force: true });
  }
}

async function keep(name: string, plan: string, stack: string): Promise<void> {
  const folder = path.join(destination, name);
  await fs.mkdir(folder, { recursive: true });
  await fs.writeFile(path.join(folder, planFile), reduced(planSchema.parse(JSON.parse(plan))));
  await fs.writeFile(path.join(folder, stackFile), reduced(stackSchema.parse(JSON.parse(stack))));
}

/** Without what a provider computes from the jobspec, what expressions say, and what is another each time. */
function reduced(value: object): string {
  const text = JSON.stringify(
    value,
    (key, member: unknown) => {
      if (key === "task_groups") return undefined;
      if (key !== "expressions") return member;
      return Object.fromEntries(Object.keys(member as object).map((name) => [name, {}]));
    },
    1,
  );
  return `${text
    .replace(
      /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g,
      "00000000-0000-0000-0000-000000000000",
    )
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, "2026-01-01T00:00:00Z")
    .replace(/127\.0\.0\.1:\d{4,5}/g, "127.0.0.1:4000")}\n`;
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
