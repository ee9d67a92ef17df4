/** The batch job of a rehearsal: what the cutover's tasks do, reading only, and with no secret. */
import { rehearsalJob } from "../../constructs/job/rehearsal-job";
import { homelab } from "../../environments/homelab";
import { jobProps } from "../../stacks/wanted-job";
import type { BatchJob } from "../../nomad/job";
import { immich } from "../../services/immich";
import { speedtestTracker } from "../../services/speedtest-tracker";
import { vaultwarden } from "../../services/vaultwarden";
import type { ServiceDefinition } from "../../services/definition";

const node = "8a2b0d2e-0000-0000-0000-000000000001";

function jobOf(definition: ServiceDefinition): BatchJob {
  const props = jobProps(homelab, { definition, phase: "cutover" });
  const connection = { ...props.connection, database: "pgmoor_rehearsal_x" };
  return rehearsalJob(
    { ...props, connection, vaultRole: `pgmoor-rehearsal-${definition.name}` },
    definition.source!,
    node,
  );
}

const definitions = [vaultwarden, speedtestTracker, immich({ release: "v2.2.3", vector: "pgvector" })];

test.each(definitions.map((definition) => [definition.name, definition] as const))(
  "%s: it runs once, where the service runs, beside it, and writes to no volume",
  (name, definition) => {
    const job = jobOf(definition);
    expect(job).toMatchObject({
      ID: `pgmoor-rehearsal-${name}`,
      Type: "batch",
      Constraints: [{ LTarget: "${node.unique.id}", RTarget: node, Operand: "=" }],
    });
    const [group] = job.TaskGroups;
    expect(group).toMatchObject({
      Count: 1,
      RestartPolicy: { Attempts: 0, Mode: "fail" },
      ReschedulePolicy: { Attempts: 0, Unlimited: false },
    });
    // The service's own port is in use.
    expect(group!.Networks![0]!.ReservedPorts).toEqual([]);
    expect(group).not.toHaveProperty("Services");
    expect(Object.values(group!.Volumes!).every(({ ReadOnly }) => ReadOnly)).toBe(true);
    for (const task of group!.Tasks) {
      expect(task).not.toHaveProperty("Lifecycle");
      expect(task.VolumeMounts!.every(({ ReadOnly }) => ReadOnly)).toBe(true);
      expect(task.Vault).toMatchObject({ Role: `pgmoor-rehearsal-${name}`, Env: false, DisableFile: true });
    }
  },
);

test("its tasks are the cutover's; a PostgreSQL that runs is only looked at", () => {
  const tasks = (definition: ServiceDefinition) =>
    jobOf(definition).TaskGroups[0]!.Tasks.map(({ Name }) => Name);
  expect(definitions.map(tasks)).toEqual([["rehearse", "schema"], ["rehearse", "schema"], ["rehearse"]]);
});

test("they connect to the scratch database, with the secret that Vault renders", () => {
  for (const { Templates } of jobOf(vaultwarden).TaskGroups[0]!.Tasks) {
    const login = Templates!.find(({ EmbeddedTmpl }) => /PASSWORD|DATABASE_URL/.test(EmbeddedTmpl!))!;
    expect(login.EmbeddedTmpl).toContain("pgmoor_rehearsal_x");
    expect(login.EmbeddedTmpl).toContain('secret "secret/data/postgres/vaultwarden"');
  }
});
