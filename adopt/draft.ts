/** What `adopt` makes of a job: a definition, and what it could not tell. */
import type { Dsn } from "../nomad/dsn";
import type { Job, Task, Template } from "../nomad/job";
import { textsOf } from "../nomad/driver-config";
import { isInAllocation, mountOf, mountsOf } from "../nomad/mounts";
import { databaseSecretName, type AnyDefinition, type SchemaBuild } from "../services/definition";
import { defineJob, type JobDefinition } from "../services/job-definition";
import { jobProblems } from "../services/job-problems";
import { todo, Unanswered, unanswered } from "../services/todo";
import { findApps, isSameApp, type FoundApp } from "./find";
import { isPostgresTask, otherServer } from "./programs";
import { healthOf } from "./health";
import { postgresBeside } from "./beside";
import { stillTold } from "./still-told";
import { plainSecrets } from "./plain-secrets";
import { serverDatabase, serverGroup, type Around } from "./on-server";
import type { Open, OpenDefinition } from "./open";
import { valuesOf } from "./values";

export type Outcome = "moves" | "asks" | "on the server" | "cannot move" | "no database" | "refused";

export interface Draft {
  readonly outcome: Outcome;
  /** Why it is refused, what is asked, or what it is. */
  readonly reasons: readonly string[];
  readonly definition?: OpenDefinition;
  readonly existing: readonly ("job" | "secret" | "database")[];
  /** What a person should know. */
  readonly notes: readonly string[];
}

/** @param name the service's name */
export function draftOf(name: string, job: Job, around: Around): Draft {
  const nothing = { existing: [], notes: [] } as const;
  const kind = kindOf(job) ?? meshOf(job);
  if (kind !== undefined) return { ...nothing, outcome: "refused", reasons: [kind] };
  const apps = findApps(job);
  const [app, second] = apps;
  if (app === undefined) return { ...nothing, ...withoutApp(job) };
  if (second !== undefined)
    return {
      ...nothing,
      outcome: "refused",
      reasons: [
        sharedGroups(app, second) ??
          `it has several apps with a database: ${apps.map(({ group, task }) => `${group.Name}/${task.Name}`).join(", ")}. A service has one. Split the job, or move by hand (docs/move-by-hand.md)`,
      ],
    };
  if (app.place.kind === "other")
    return {
      ...nothing,
      outcome: "refused",
      reasons: [`its database is ${app.place.what}, not SQLite or PostgreSQL`],
    };
  return draftOfApp(name, job, app, around);
}

/** A job of which no task tells of a database. */
function withoutApp({ TaskGroups }: Job): Pick<Draft, "outcome" | "reasons"> {
  const tasks = TaskGroups.flatMap(({ Tasks }) => Tasks);
  const servers = tasks.filter(isPostgresTask).map(({ Name }) => Name);
  const other = tasks.find((task) => otherServer(task) !== undefined);
  const file = tasks.flatMap(({ Templates = [] }) => Templates).find(tellsOfDatabase);
  if (servers.length > 0 && servers.length < tasks.length)
    return {
      outcome: "asks",
      reasons: [
        `it has a PostgreSQL (task ${servers.join(", ")}), and no variable tells which task uses it. Write its definition by hand (docs/add-a-service.md)`,
      ],
    };
  if (file !== undefined)
    return {
      outcome: "asks",
      reasons: [
        `its file ${file.DestPath} tells of a database, and no variable does. Write its definition by hand (docs/add-a-service.md)`,
      ],
    };
  if (other !== undefined && tasks.length > 1)
    return {
      outcome: "refused",
      reasons: [`its database is ${otherServer(other)} (task ${other.Name}), not SQLite or PostgreSQL`],
    };
  return {
    outcome: "no database",
    reasons: [
      servers.length > 0 || other !== undefined
        ? `it is a ${other === undefined ? "PostgreSQL" : otherServer(other)} itself`
        : "no variable, and no image that pgmoor knows, tells of a database",
    ],
  };
}

function tellsOfDatabase({ EmbeddedTmpl = "", Envvars }: Template): boolean {
  return (
    Envvars !== true && /\b(postgres(ql)?|sqlite3?):\/\/|\bpostgresql?:|\.sqlite3?\b/i.test(EmbeddedTmpl)
  );
}

/** Jobs of other kinds have no deployments. */
function kindOf(job: Job): string | undefined {
  const { Type, Periodic, ParameterizedJob } = job as unknown as Record<string, unknown>;
  if (Periodic != null) return "it is a periodic job, which has no deployments: pgmoor moves data in one";
  if (ParameterizedJob != null)
    return "it is a parameterized job, which has no deployments: pgmoor moves data in one";
  if (Type !== "service")
    return `it is of type ${String(Type)}, which has no deployments: pgmoor moves data in one`;
  return undefined;
}

/** Two groups that are told of the same database. */
function sharedGroups(one: FoundApp, other: FoundApp): string | undefined {
  if (one.group === other.group) return undefined;
  const [values, others] = [valuesOf(one.task), valuesOf(other.task)];
  const same = [...values.keys()].filter(
    (name) =>
      /(^|_)(db|database|sql|postgres|dsn)/i.test(name) && values.get(name)!.text === others.get(name)?.text,
  );
  return same.length === 0
    ? undefined
    : `the groups ${one.group.Name} and ${other.group.Name} share a database (${same.join(", ")}). pgmoor moves one group. Put their tasks into one group, or move by hand (docs/move-by-hand.md)`;
}

/** The mesh is refused by name, whether or not a database is found. */
function meshOf({ TaskGroups }: Job): string | undefined {
  const services = TaskGroups.flatMap(({ Services = [], Tasks }) => [
    ...Services,
    ...Tasks.flatMap(({ Services: own = [] }) => own),
  ]) as readonly { readonly Name?: string; readonly Connect?: unknown }[];
  const meshed = services.filter(({ Connect }) => Connect != null).map(({ Name = "" }) => Name);
  return meshed.length === 0
    ? undefined
    : `its services ${meshed.join(", ")} are in Consul's service mesh (connect), whose proxies pgmoor's tasks and the server are not part of. Take connect out of the job, or move its data by hand (docs/move-by-hand.md)`;
}

function draftOfApp(name: string, job: Job, app: FoundApp, around: Around): Draft {
  const { group, task, known } = app;
  const dsn =
    app.dsn ?? todo(`which variables take the app's DSN on PostgreSQL? { style: "url", variable: "…" }`);
  const others = group.Tasks.filter(
    (other) => other !== task && other.Lifecycle?.Hook !== "prestart" && isSameApp(task, other),
  );
  const found = placeOf(name, app, around);
  const definition: OpenDefinition = {
    name,
    jobspec: job,
    tasks: [task.Name, ...others.map(({ Name }) => Name)],
    health: healthOf(group, task, known?.health),
    database: { connectionLimit: 20, ...found.database },
    dsn,
    ...(found.source === undefined ? {} : { source: found.source }),
    ...(known?.readsDsnOnce === undefined ? {} : { readsDsnOnce: known.readsDsnOnce }),
    ...(known?.cannotMove === undefined ? {} : { cannotMove: known.cannotMove }),
  };
  const questions = unanswered(definition).map(
    ({ path, question }) => `${path.map(String).join(".")}: ${question}`,
  );
  const other = app.place.kind === "postgres" ? serverGroup(app, app.place.host, job, around) : undefined;
  const refused = [
    ...refusals(definition),
    ...(other === undefined
      ? []
      : [
          `the groups ${group.Name} and ${other} share a database: the PostgreSQL is in ${other}. pgmoor moves one group. Put its task into the group ${group.Name}, or move by hand (docs/move-by-hand.md)`,
        ]),
  ];
  const before = app.place.kind === "sqlite" && known?.before !== undefined ? [known.before] : [];
  const outcome: Outcome =
    refused.length > 0
      ? "refused"
      : questions.length > 0
        ? "asks"
        : known?.cannotMove !== undefined && found.source !== undefined
          ? "cannot move"
          : found.source === undefined
            ? "on the server"
            : "moves";
  const reasons = [
    ...refused,
    ...questions,
    ...(outcome === "cannot move" ? [known!.cannotMove!] : []),
    ...(outcome === "moves" || outcome === "on the server" ? [found.told] : []),
  ];
  return {
    outcome,
    reasons,
    definition,
    existing: found.existing,
    notes: [...plainSecrets(group), ...stillTold(app), ...before],
  };
}

/** What no answer of a person can mend. */
function refusals(definition: OpenDefinition): string[] {
  const open = unanswered(definition).length > 0;
  const { source } = definition;
  // With a question in it, only what the job itself is can be judged.
  const known = open
    ? {
        ...definition,
        health: { port: "", path: "/" },
        source:
          source === undefined || source instanceof Unanswered
            ? undefined
            : { ...source, file: "/", data: "/" },
        reads: [],
      }
    : definition;
  const dsn: Dsn =
    definition.dsn instanceof Unanswered ? { style: "url", variable: "" } : (definition.dsn as Dsn);
  return jobProblems(defineJob({ ...known, dsn } as JobDefinition))
    .filter(({ path }) => !open || !/^(health|source)\./.test(path))
    .map(({ path, message }) => `${path}: ${message}`);
}

interface FoundPlace {
  readonly source?: OpenDefinition["source"];
  readonly database?: Partial<Open<AnyDefinition["database"]>>;
  readonly existing: Draft["existing"];
  /** In a few words. */
  readonly told: string;
}

function placeOf(name: string, app: FoundApp, around: Around): FoundPlace {
  const { place, known } = app;
  const extensions = known?.extensions === undefined ? {} : { extensions: known.extensions };
  switch (place.kind) {
    case "sqlite": {
      const file = sqliteFile(app.task, place.file);
      return {
        source: sqliteSource(app, file),
        database: extensions,
        existing: ["job"],
        told: typeof file === "string" ? `SQLite, ${file}` : "SQLite",
      };
    }
    case "beside": {
      const source = postgresBeside(app, place.task, around);
      // Where the PostgreSQL beside the app has its password, pgmoor would write the new role's: the role takes this one.
      const same = databaseSecretName(name.replaceAll("-", "_"));
      return {
        source,
        database: extensions,
        existing: readsSecret(source, same) ? ["job", "secret"] : ["job"],
        told: `its own PostgreSQL, task ${place.task.Name}`,
      };
    }
    case "postgres": {
      const database = serverDatabase(name, app, place.host, around);
      return {
        database: { ...extensions, ...database },
        existing: ["job", "secret", "database"],
        told: "on the environment's server",
      };
    }
    case "unknown":
      return {
        source: todo(place.question),
        existing: ["job"],
        told: "",
      };
    case "other":
      throw new RangeError(place.what);
  }
}

function readsSecret(source: OpenDefinition["source"], secret: string): boolean {
  return (
    source !== undefined &&
    "password" in source &&
    "secret" in source.password &&
    source.password.secret === secret
  );
}

/** The file, in a volume that outlives the allocation. A configuration file may name another than the image's default. */
function sqliteFile(task: Task, file: string): string | Unanswered {
  const lasts = (path: string) => {
    const mount = mountOf(task, path);
    return mount !== undefined && !isInAllocation(mount);
  };
  if (lasts(file)) return file;
  const named = (task.Templates ?? [])
    .filter(({ Envvars }) => Envvars !== true)
    .flatMap(({ EmbeddedTmpl = "" }) => EmbeddedTmpl.match(/\/[\w./-]+\.(?:db|sqlite3?|db3)\b/g) ?? [])
    .filter(lasts);
  const [only] = new Set(named);
  if (only !== undefined && new Set(named).size === 1) return only;
  const paths = mountsOf(task).map(({ path }) => path);
  return todo(
    `where is the SQLite file, as the task sees it? The image has it at ${file}, which is in no volume that outlives the allocation (${paths.join(", ") || "the task has no volume"})`,
  );
}

function sqliteSource({ task, known, dsn }: FoundApp, file: string | Unanswered): OpenDefinition["source"] {
  const told = valuesOf(task);
  const { variables = [], schema, rules } = known?.sqlite ?? {};
  const about = variables.filter((name) => told.has(name) && dsn !== undefined);
  return {
    kind: "sqlite",
    file,
    environment: Object.fromEntries(about.map((name) => [name, told.get(name)!.text])),
    schema:
      schema === undefined
        ? todo(
            'which command makes the app\'s tables in an empty PostgreSQL? { kind: "command", command: ["…"] }',
          )
        : typeof schema === "string"
          ? todo(schema)
          : schemaIn(task, schema),
    migrationTables:
      known === undefined
        ? todo("in which tables does the app record its schema migrations?")
        : known.migrationTables,
    ...(rules === undefined ? {} : { rules }),
  };
}

/** The image's command builds it; a program of the host is its own. */
function schemaIn(task: Task, schema: SchemaBuild): Open<SchemaBuild> {
  if (task.Driver !== "exec" && task.Driver !== "raw_exec") return schema;
  const [command = "", ...args] = textsOf([task.Config.command, task.Config.args]);
  if (schema.kind === "app") return { ...schema, command: [command, ...args] };
  return {
    ...schema,
    command: todo(`which command does here what ${schema.command.join(" ")} does in the image?`),
  };
}
