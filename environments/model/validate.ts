/** Everything that types cannot say of an environment, found before anything is made of it. */
import { dsnVariables, modesOf, verifies } from "../../nomad/dsn";
import {
  databaseName,
  dataDirectory,
  leastConfirmSeconds,
  type ServiceDefinition,
} from "../../services/definition";
import { hasJobspec, type JobDefinition } from "../../services/job-definition";
import { monitoringConnections } from "../../services/monitoring";
import { jobProblems, ownTasks } from "../../services/job-problems";
import { unanswered } from "../../services/todo";
import { extensionsOf, preloadLibraries } from "../../services/server-images";
import type { Environment, EnvironmentService } from "./environment";
import { ownStacks } from "./own-stacks";
import { InvalidEnvironment, type Problem } from "./problems";
import { environmentSchema } from "./schema";
import { serverProblems } from "./validate-server";

/** Connections that PostgreSQL keeps for superusers, by default. */
const reservedConnections = 3;

/** @throws {InvalidEnvironment} with every problem */
export function validate(environment: Environment): Environment {
  const open = unanswered(environment);
  if (open.length > 0)
    throw new InvalidEnvironment(
      environment.name,
      open.map(({ path, question }) => ({ path: pathOf(path), message: `not answered yet: ${question}` })),
    );
  const shape = environmentSchema.safeParse(environment);
  if (!shape.success)
    throw new InvalidEnvironment(
      environment.name,
      shape.error.issues.map(({ path, message }) => ({ path: pathOf(path), message })),
    );
  const problems = relations(environment);
  if (problems.length > 0) throw new InvalidEnvironment(environment.name, problems);
  return environment;
}

/** `["services", 2, "phase"]` as `services[2].phase`. */
function pathOf(path: readonly PropertyKey[]): string {
  return path
    .map((step, index) =>
      typeof step === "number" ? `[${step}]` : `${index === 0 ? "" : "."}${String(step)}`,
    )
    .join("");
}

/** What has to fit together, each part being right by itself. */
function relations(environment: Environment): Problem[] {
  const { services } = environment;
  // A retired service is out of our hands, but its name still says which state is meant.
  const ours = services.map((service, index) => ({ service, at: `services[${index}]` }));
  const live = ours.filter(({ service }) => service.phase !== "retired");
  return [
    ...taken(ours, "definition.name", ({ definition }) => definition.name),
    ...taken(live, "definition.database.name", ({ definition }) => databaseName(definition)),
    ...taken(live, "definition.port.host", ({ definition }) =>
      hasJobspec(definition) ? undefined : String(definition.port.host),
    ),
    ...ours.flatMap(({ service, at }) => serviceProblems(service, at)),
    ...live.flatMap(({ service, at }) => extensionProblems(environment, service, at)),
    ...encryptionProblems(environment),
    ...migratorProblems(environment),
    ...live.flatMap(({ service, at }) => sslmodeProblems(environment, service, at)),
    ...live.flatMap(({ service, at }) => proxyProblems(environment, service, at)),
    ...stackNameProblems(environment),
    ...serverProblems(environment),
    ...connectionProblems(environment),
  ];
}

type Placed = { readonly service: EnvironmentService; readonly at: string };

/** A value that two services share and must not. */
function taken(
  services: readonly Placed[],
  path: string,
  valueOf: (service: EnvironmentService) => string | undefined,
): Problem[] {
  const first = new Map<string, string>();
  return services.flatMap(({ service, at }) => {
    const value = valueOf(service);
    if (value === undefined) return [];
    const other = first.get(value);
    if (other === undefined) {
      first.set(value, at);
      return [];
    }
    return [
      {
        path: `${at}.${path}`,
        message: `"${value}" is already used by ${other}.${path}. Use one that no other service has.`,
      },
    ];
  });
}

function serviceProblems(
  { definition, phase, rollback, existing = [], passwordVersion = 1 }: EnvironmentService,
  at: string,
): Problem[] {
  const problems: Problem[] = [];
  const problem = (path: string, message: string) => problems.push({ path: `${at}.${path}`, message });
  const { source } = definition;
  const { confirm } = definition.deadlines ?? {};
  if (confirm !== undefined && confirm.seconds < leastConfirmSeconds)
    problem(
      "definition.deadlines.confirm",
      `${confirm.seconds}s is too short to see that the app uses its database: PostgreSQL reports table use up to 10 s late. Allowed: ${leastConfirmSeconds}s or more.`,
    );
  problems.push(
    ...(hasJobspec(definition) ? jobspecProblems(definition, at) : fieldProblems(definition, at)),
  );
  if (phase === "cutover" || phase === "settled") {
    if (source === undefined)
      problem("phase", `the service has no source: it is already on the server. Allowed: prepared, retired.`);
    else if (definition.cannotMove !== undefined)
      problem("phase", `${phase} is refused: ${definition.cannotMove}. Allowed: prepared, retired.`);
  }
  if (rollback !== undefined) {
    if (phase !== "prepared")
      problem(
        "rollback",
        `"${rollback}" goes with phase "prepared", which puts a service back on its source, and the phase is "${phase}". Remove it, or change the phase.`,
      );
    if (source === undefined) problem("rollback", `the service has no source to go back to. Remove it.`);
    else if (source.kind === "postgres" && rollback === "copy-back")
      problem(
        "rollback",
        `a PostgreSQL of the service's own takes no rows back by itself. Bring them back by hand (docs/go-back.md#a-postgresql), then write "discard".`,
      );
  }
  if (passwordVersion > 1 && definition.readsDsnOnce !== undefined)
    problem("passwordVersion", `a rotation is refused: ${definition.readsDsnOnce}. Allowed: 1.`);
  if (existing.includes("database") && !existing.includes("secret"))
    problem(
      "existing",
      `"database" without "secret": a new secret would replace the password that is in use. Write the running password to Vault and add "secret".`,
    );
  return problems;
}

function jobspecProblems(definition: JobDefinition, at: string): Problem[] {
  return jobProblems(definition).map(({ path, message }) => ({ path: `${at}.definition.${path}`, message }));
}

/** What has to fit together in a definition that has a field for each part of its job. */
function fieldProblems(definition: ServiceDefinition, at: string): Problem[] {
  const { source, volumes = [], dsn, environment = {}, companions = [] } = definition;
  const problems: Problem[] = [];
  const problem = (path: string, message: string) => problems.push({ path: `${at}.${path}`, message });

  if (source?.kind === "sqlite" && !volumes.some((volume) => volume.holds(source.file)))
    problem(
      "definition.source.file",
      `${source.file} is not in any of the service's volumes (${volumes.map(({ path }) => path).join(", ") || "it has none"}).`,
    );
  if (source?.kind === "postgres") {
    const data = dataDirectory(source);
    if (data !== source.volume.path && !source.volume.holds(data))
      problem(
        "definition.source.serverEnvironment.PGDATA",
        `${data} is not in the source's volume, ${source.volume.path}, so the cutover cannot find it.`,
      );
  }
  for (const variable of dsnVariables(dsn).filter((name) => name in environment))
    problem(
      `definition.environment.${variable}`,
      `${variable} is set by the DSN. Remove it here. Put its value on the source into source.environment.`,
    );
  for (const [index, { variable }] of (definition.secrets ?? []).entries())
    if (variable in environment)
      problem(
        `definition.secrets[${index}].variable`,
        `${variable} is also in the environment, in clear text. Remove it there.`,
      );
  for (const [index, { name }] of companions.entries())
    if (name === definition.name || name === "postgres" || ownTasks.has(name))
      problem(
        `definition.companions[${index}].name`,
        `"${name}" is already a task of the job. Use another name.`,
      );

  for (const [index, volume] of volumes.entries())
    if (volume.leaves && !(source?.kind === "sqlite" && volume.holds(source.file)))
      problem(
        `definition.volumes[${index}]`,
        `${volume.source} is marked sourceOnly and does not hold the source: a settled service would lose it. Allowed: sourceOnly() on the volume of source.file alone.`,
      );
  return problems;
}

/** Extensions that the server's image does not carry, or whose library it does not preload. */
function extensionProblems(
  { server }: Environment,
  { definition }: EnvironmentService,
  at: string,
): Problem[] {
  const wanted = definition.database.extensions ?? [];
  const carried = extensionsOf(server.image);
  const available = new Set([...(carried ?? []), ...(server.extensions ?? [])]);
  const preloaded = new Set(server.preload ?? []);
  return wanted.flatMap((extension, index) => {
    const path = `${at}.definition.database.extensions[${index}]`;
    if (!available.has(extension))
      return [
        {
          path,
          message: `the server's image ${server.image} ${carried === undefined ? "is not known here, and server.extensions does not name" : "does not carry"} "${extension}". Change server.image to one that does, or name it in server.extensions.`,
        },
      ];
    const library = preloadLibraries[extension];
    if (library !== undefined && !preloaded.has(library))
      return [
        {
          path,
          message: `"${extension}" needs ${library} in the server's shared_preload_libraries. Preload it there, and name it in server.preload.`,
        },
      ];
    return [];
  });
}

/** In a bridge its loopback would be its own; it asks apps that build their schema on the host's. */
function migratorProblems({ migrator: { program, registry } }: Environment): Problem[] {
  if (registry !== undefined && program.driver !== "docker")
    return [
      {
        path: "migrator.registry",
        message: `a program of the driver "${program.driver}" has no image, and no registry. Remove it.`,
      },
    ];
  if (program.driver !== "docker" || program.network === "host") return [];
  return [
    {
      path: "migrator.program.network",
      message: `"bridge" gives the migrator a loopback of its own, where it does not find an app that builds its schema. Allowed: host.`,
    },
  ];
}

function encryptionProblems({ server: { sslmode: own, caFile }, services }: Environment): Problem[] {
  const sslmode = [own, ...services.map((service) => service.sslmode ?? own)].find(verifies) ?? own;
  if (verifies(sslmode) === (caFile !== undefined)) return [];
  const message = verifies(sslmode)
    ? `${sslmode} verifies the server's certificate, and needs the certificate of the authority that signed it. Name its file.`
    : `${sslmode} verifies no certificate. Allowed: sslmode verify-ca or verify-full with it, or no caFile.`;
  return [{ path: "server.caFile", message }];
}

/** A service that cannot be told its `sslmode`, or is told another one besides. */
function sslmodeProblems(
  { server }: Environment,
  { definition, sslmode: own }: EnvironmentService,
  at: string,
): Problem[] {
  const sslmode = own ?? server.sslmode;
  const { dsn } = definition;
  const allowed = modesOf(dsn);
  const told =
    dsn.style === "url" ? ["sslmode", "sslrootcert"].filter((name) => name in (dsn.parameters ?? {})) : [];
  return [
    ...told.map((name) => ({
      path: `${at}.definition.dsn.parameters.${name}`,
      message: `the environment's server.sslmode says it for every service. Remove it here.`,
    })),
    ...(allowed.includes(sslmode)
      ? []
      : [
          {
            path: `${at}.definition.dsn.tls`,
            message: `${own === undefined ? "server.sslmode" : "its sslmode"} is "${sslmode}", and ${definition.name} cannot be told so. Allowed with it: ${allowed.join(", ")}. Set one of these as the service's own sslmode; or if your image can be told, name the variables: dsn: { ..., tls: { "${sslmode}": { VARIABLE: "value" } } }.`,
          },
        ]),
  ];
}

/** A middleware may be what asks people for their password: it must not go unnoticed. */
function proxyProblems({ proxy }: Environment, { definition }: EnvironmentService, at: string): Problem[] {
  if (hasJobspec(definition) || proxy === undefined || proxy.kind === "traefik") return [];
  const { middlewares = [] } = definition;
  if (middlewares.length === 0) return [];
  return [
    {
      path: `${at}.definition.middlewares`,
      message: `${middlewares.join(", ")} is Traefik's, and proxy is "${proxy.kind}": nothing would take its place. Set middlewares: [], and protect ${definition.name} in the proxy's own configuration.`,
    },
  ];
}

/** A service with the name of a stack that is no service's would share its state. */
function stackNameProblems({ services }: Environment): Problem[] {
  const taken = new Set<string>(Object.values(ownStacks));
  return services.flatMap(({ definition }, index) =>
    taken.has(definition.name)
      ? [
          {
            path: `services[${index}].definition.name`,
            message: `"${definition.name}" is the name of a stack of pgmoor's own. Use another name.`,
          },
        ]
      : [],
  );
}

function connectionProblems({ server, services, monitoring }: Environment): Problem[] {
  const live = services.filter(({ phase }) => phase !== "retired");
  const wanted = live.reduce(
    (sum, { definition }) => sum + definition.database.connectionLimit,
    monitoring === undefined ? 0 : monitoringConnections(live.length),
  );
  const available = server.maxConnections - reservedConnections;
  if (wanted <= available) return [];
  return [
    {
      path: "server.maxConnections",
      message: `the services' connection limits${monitoring === undefined ? "" : ", with the monitoring's,"} add up to ${wanted}, but the server has ${server.maxConnections} less ${reservedConnections} for superusers. Lower limits, or raise max_connections on the server and here.`,
    },
  ];
}
