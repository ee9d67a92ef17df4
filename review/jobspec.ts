/** What a Nomad job's specification (the API's JSON) says of a service. */
import { z } from "zod";

const template = z.looseObject({
  EmbeddedTmpl: z.string().optional(),
  DestPath: z.string().optional(),
  ChangeMode: z.string().optional(),
});
const task = z.looseObject({
  Name: z.string(),
  Config: z.record(z.string(), z.unknown()).nullish(),
  Templates: z.array(template).nullish(),
  VolumeMounts: z.array(z.looseObject({ Volume: z.string(), Destination: z.string() })).nullish(),
  Lifecycle: z.looseObject({ Hook: z.string() }).nullish(),
});
const jobspec = z.looseObject({
  ID: z.string(),
  TaskGroups: z
    .array(
      z.looseObject({
        Name: z.string(),
        Count: z.number().nullish(),
        Meta: z.record(z.string(), z.string()).nullish(),
        Tasks: z.array(task).nullish(),
        Volumes: z.record(z.string(), z.looseObject({ Source: z.string() })).nullish(),
      }),
    )
    .nullish(),
});
export type Jobspec = z.infer<typeof jobspec>;
export type Task = z.infer<typeof task>;

/** @returns nothing for a jobspec that is no JSON: one written by hand, that Nomad keeps as it was sent */
export function readJobspec(value: unknown): Jobspec | undefined {
  const parsed = jobspec.safeParse(value);
  return parsed.success ? parsed.data : undefined;
}

export function tasksOf(job: Jobspec | undefined): Task[] {
  return (job?.TaskGroups ?? []).flatMap(({ Tasks }) => Tasks ?? []);
}

/** What the migrator is told (`migrator/job/config.ts`), as far as a reviewer wants to know. */
const moveSchema = z.object({
  source: z.object({ kind: z.string() }),
  snapshots: z.string(),
  deadlines: z.object({ migrateSeconds: z.number(), confirmSeconds: z.number() }),
});

const rollbackSchema = z.object({ rollback: z.string() });

export interface Move {
  readonly from: string;
  /** Host volume and folder: `postgres_backups/vaultwarden`. */
  readonly snapshots: string;
  /** How long the service may be down before Nomad puts the old job back. */
  readonly deadlineSeconds: number;
}

/** The move that the job makes at its start, if its service has not moved yet. */
export function moveOf(job: Jobspec | undefined): Move | undefined {
  const migrate = prestartOf(job, "migrate");
  const parsed = moveSchema.safeParse(configOf(migrate));
  if (!parsed.success) return undefined;
  const { source, snapshots, deadlines } = parsed.data;
  const mount = migrate?.VolumeMounts?.find(({ Destination }) => snapshots.startsWith(`${Destination}/`));
  return {
    from: source.kind === "sqlite" ? "SQLite" : "a PostgreSQL of its own",
    snapshots: mount === undefined ? snapshots : mount.Volume + snapshots.slice(mount.Destination.length),
    deadlineSeconds: deadlines.migrateSeconds + deadlines.confirmSeconds,
  };
}

/** What becomes of the server's rows when the job goes back to its source at its start: `copy-back`, `discard`. */
export function rollbackOf(job: Jobspec | undefined): string | undefined {
  return rollbackSchema.safeParse(configOf(prestartOf(job, "roll-back"))).data?.rollback;
}

function prestartOf(job: Jobspec | undefined, name: string): Task | undefined {
  return tasksOf(job).find(({ Name, Lifecycle }) => Name === name && Lifecycle?.Hook === "prestart");
}

function configOf(task: Task | undefined): unknown {
  const text = task?.Templates?.find(({ DestPath }) => DestPath?.endsWith("pgmoor.json"))?.EmbeddedTmpl;
  if (text === undefined) return undefined;
  try {
    // What only Nomad knows is of no interest here.
    return JSON.parse(text.replace(/\{\{.*?\}\}/gs, "null"));
  } catch {
    return undefined;
  }
}

/** Whether the job is that of a service that has moved for good (`phaseMeta` in `nomad/phase.ts`). */
export function isSettled(job: Jobspec | undefined): boolean {
  return (job?.TaskGroups ?? []).some(({ Meta }) => Meta?.pgmoor_phase === "settled");
}

/** Whether the app itself, and not only what moves it, reads a Vault secret of this name. */
export function readsSecret(job: Jobspec | undefined, secret: string): boolean {
  return tasksOf(job)
    .filter(({ Lifecycle }) => Lifecycle == null)
    .some(({ Templates }) =>
      (Templates ?? []).some(({ EmbeddedTmpl = "" }) => EmbeddedTmpl.includes(`/${secret}"`)),
    );
}

/** Whether a new password restarts the app: Nomad renders the template anew, and does what it was told to do then. */
export function restartsOnSecret(job: Jobspec | undefined, secret: string): boolean {
  return tasksOf(job).some(({ Templates }) =>
    (Templates ?? []).some(
      ({ EmbeddedTmpl = "", ChangeMode }) => EmbeddedTmpl.includes(`/${secret}"`) && ChangeMode !== "noop",
    ),
  );
}
