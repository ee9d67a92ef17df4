import type { Environment, EnvironmentService } from "../../../environments/model/environment";
import { homelab } from "../../../environments/homelab";
import { UserError } from "../../../environments/model/problems";
import { validate } from "../../../environments/model/validate";
import { Duration } from "../../../nomad/duration";
import { Size } from "../../../nomad/size";
import { vaultwarden } from "../../../services/vaultwarden";

type Path = readonly (string | number)[];

/** The homelab with one value replaced. */
function homelabWith(path: Path, value: unknown): Environment {
  const set = (target: unknown, [step, ...rest]: Path): unknown => {
    if (step === undefined) return value;
    const copy = (
      Array.isArray(target)
        ? [...(target as unknown[])]
        : Object.assign(Object.create(Object.getPrototypeOf(target) as object) as object, target)
    ) as Record<string | number, unknown>;
    copy[step] = set(copy[step], rest);
    return copy;
  };
  return set(homelab, path) as Environment;
}

function report(environment: Environment): string[] {
  try {
    validate(environment);
    return [];
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    return (error as Error).message.split("\n");
  }
}

function pathOf(path: Path): string {
  return path
    .map((step, index) => (typeof step === "number" ? `[${step}]` : `${index ? "." : ""}${step}`))
    .join("");
}

test("the homelab is valid", () => {
  expect(report(homelab)).toEqual([]);
});

/** What is written where, and what the line of the report says, which begins with the path. */
type Mistake = readonly [path: Path, value: unknown, says: RegExp, at?: string];

const d = (...rest: Path): Path => ["services", 0, "definition", ...rest];
const noName = /is not a name for a Nomad job\. Allowed: /;
const noIdentifier = /is not a PostgreSQL identifier\. Allowed: /;

const mistakes: readonly Mistake[] = [
  // Names of jobs
  ...[
    "Vault warden",
    "",
    "1st",
    "-x",
    "ends-",
    "Ä",
    "${evil}",
    "a/b",
    "a_b",
    "a.b",
    "x".repeat(64),
    'a"b',
    "a\nb",
  ].map((name): Mistake => [d("name"), name, noName]),
  [d("name"), 7, /expected string/],
  [d("name"), undefined, /expected string/],
  [d("name"), "speedtest", /"speedtest" is already used by services\[0\]/, "services[1].definition.name"],
  // Databases and roles
  ...["vault-warden", "", "Vault", "1st", 'x"; DROP DATABASE y; --', "x".repeat(64), "a b", "ä", "a.b"].map(
    (name): Mistake => [d("database", "name"), name, noIdentifier],
  ),
  ...["postgres", "template0", "template1", "public", "none"].map((name): Mistake => [
    d("database", "name"),
    name,
    /is reserved by PostgreSQL/,
  ]),
  [d("database", "name"), "pg_x", /which PostgreSQL reserves/],
  [
    d("database", "name"),
    "speedtest",
    /"speedtest" is already used by services\[0\]/,
    "services[1].definition.database.name",
  ],
  [d("database", "connectionLimit"), 0, />0|positive/i],
  [d("database", "connectionLimit"), -1, />0|positive/i],
  [d("database", "connectionLimit"), 1.5, /int/],
  [
    d("database", "connectionLimit"),
    290,
    /add up to \d+, but the server has 300 less 3/,
    "server.maxConnections",
  ],
  [
    d("database", "extensions"),
    ["vchord"],
    /does not carry "vchord"\. Change server\.image/,
    "services[0].definition.database.extensions[0]",
  ],
  [
    d("database", "extensions"),
    ["pg_stat_statements"],
    /needs pg_stat_statements in the server's shared_preload_libraries/,
    "services[0].definition.database.extensions[0]",
  ],
  [
    d("database", "extensions"),
    ["x; DROP"],
    /is not an extension's name/,
    "services[0].definition.database.extensions[0]",
  ],
  // Programs
  ...["vaultwarden/server", "", ":latest", "UPPER/case:1", "a b:1", "img:", "img:a b"].map(
    (image): Mistake => [d("program", "image"), image, /is not an image with a tag/],
  ),
  [d("program", "network"), "overlay", /host.*bridge/],
  [d("program", "driver"), "podman", /driver|discriminator|Invalid input/i],
  [d("program", "imagee"), "x:1", /imagee/, "services[0].definition.program"],
  // Ports
  [d("port", "host"), 70000, /70000 is not a port\. Allowed: 1 to 65535/],
  [d("port", "host"), 0, /0 is not a port/],
  [d("port", "host"), -5, /-5 is not a port/],
  [d("port", "host"), 80.5, /80\.5 is not a port/],
  [d("port", "host"), "8222", /"8222" is not a port/],
  [d("port", "container"), 65536, /65536 is not a port/],
  [d("port", "host"), 8765, /"8765" is already used by services\[0\]/, "services[1].definition.port.host"],
  // Variables
  [d("environment"), { "A=B": "x" }, /A=B/, "services[0].definition.environment.A=B"],
  [d("environment"), { "1A": "x" }, /1A/, "services[0].definition.environment.1A"],
  [d("environment"), { A: "x\ny" }, /control characters/, "services[0].definition.environment.A"],
  [d("environment"), { A: "\ud800" }, /control characters|surrogate/, "services[0].definition.environment.A"],
  [d("environment"), { A: 5 }, /expected string/, "services[0].definition.environment.A"],
  [d("environment", "DATABASE_URL"), "x", /is set by the DSN/],
  [
    d("secrets"),
    [{ variable: "ROCKET_PORT", secret: "a", field: "b" }],
    /also in the environment, in clear text/,
    "services[0].definition.secrets[0].variable",
  ],
  [
    d("secrets"),
    [{ variable: "X", secret: "/a", field: "b" }],
    /path of a Vault secret/,
    "services[0].definition.secrets[0].secret",
  ],
  [
    d("secrets"),
    [{ variable: "X", secret: "a", field: "b-c" }],
    /field of a secret/,
    "services[0].definition.secrets[0].field",
  ],
  [
    d("secrets"),
    [{ variable: "X Y", secret: "a", field: "b" }],
    /variable's name/,
    "services[0].definition.secrets[0].variable",
  ],
  [d("secrets"), [{ variable: "X", value: "hunter2" }], /secret|value/, "services[0].definition.secrets[0]"],
  // Volumes, paths
  ...["../x", "", "a b", "/abs", "ä"].map((source): Mistake => [
    d("volumes", 0, "source"),
    source,
    /is not a host volume's name/,
  ]),
  ...["data", "/data/", "/", "/a/../b", "/a{{b", "/a\nb"].map((path): Mistake => [
    d("volumes", 0, "path"),
    path,
    /is not an absolute path/,
  ]),
  [d("source", "file"), "/elsewhere/db.sqlite3", /not in any of the service's volumes \(\/data\)/],
  [d("source", "file"), "/data/../etc/passwd", /absolute path/],
  [d("source", "file"), "db.sqlite3", /absolute path/],
  [d("source", "kind"), "mysql", /kind|discriminator|Invalid input/i],
  [d("source", "schema", "kind"), "sql", /command.*app/],
  [d("source", "schema", "command"), [], /./, "services[0].definition.source.schema.command[0]"],
  [
    d("source", "migrationTables"),
    [""],
    /Too small|>=1/i,
    "services[0].definition.source.migrationTables[0]",
  ],
  [
    d("source", "migrationTables"),
    [{ table: "m", compare: "most" }],
    /neither a name nor a rule/,
    "services[0].definition.source.migrationTables[0]",
  ],
  [
    d("source", "rules"),
    [{ kind: "cast", table: "t", column: "c", as: "miles" }],
    /round.*epoch-seconds/,
    "services[0].definition.source.rules[0].as",
  ],
  [
    d("source", "rules"),
    [{ kind: "default", table: "t", column: "c", value: null }],
    /not a constant\. Allowed: /,
    "services[0].definition.source.rules[0].value",
  ],
  [
    d("source", "rules"),
    [
      { kind: "null-if", table: "t", column: "c", values: [""] },
      { kind: "null-if", table: "t", column: "c", values: ["-"] },
    ],
    /null-if for t\.c: rule \[0\] \(null-if\) conflicts with it\. Allowed: /,
    "services[0].definition.source.rules[1]",
  ],
  ...["alive", "", "/a b", '/a"b', "/{{x}}"].map((path): Mistake => [
    d("health", "path"),
    path,
    /is not a path for an HTTP check/,
  ]),
  // Amounts
  [d("resources", "memory"), 512, /Size\.mebibytes/],
  [d("resources", "memory"), "512M", /Size\.mebibytes/],
  [d("resources", "cpuMegahertz"), 0, />0|positive/i],
  [d("deadlines"), { migrate: 600 }, /Duration\.seconds/, "services[0].definition.deadlines.migrate"],
  [d("deadlines"), { confirm: "60s" }, /Duration\.seconds/, "services[0].definition.deadlines.confirm"],
  [d("health", "interval"), 5, /Duration\.seconds/],
  [
    d("health", "interval"),
    Duration.seconds(-1),
    /-1 is not an amount/,
    "services[0].definition.health.interval.seconds",
  ],
  [
    d("deadlines"),
    { migrate: Duration.minutes(NaN) },
    /not an amount/,
    "services[0].definition.deadlines.migrate.seconds",
  ],
  [
    d("resources", "memory"),
    Size.mebibytes(0.5),
    /0\.5 is not an amount/,
    "services[0].definition.resources.memory.mebibytes",
  ],
  [
    d("deadlines"),
    { confirm: Duration.seconds(14) },
    /Allowed: 15s or more/,
    "services[0].definition.deadlines.confirm",
  ],
  // What only factories make
  [d("port"), 8222, /not a Port\. Allowed: Port\.onHost/],
  [d("port"), { host: 8222 }, /not a Port\. Allowed: Port\.onHost/],
  [d("health"), "/alive", /not a HealthCheck\. Allowed: HealthCheck\.http/],
  [d("volumes", 0), { source: "a", path: "/a" }, /not a HostVolume\. Allowed: HostVolume\.named/],
  // DSNs
  [d("dsn"), { style: "jdbc" }, /style|discriminator|Invalid input/i, "services[0].definition.dsn.style"],
  [d("dsn", "variable"), "A B", /variable's name/],
  [d("dsn", "scheme"), "mysql", /postgresql/],
  [d("dsn", "parameters"), { "a b": "x" }, /a b/, "services[0].definition.dsn.parameters.a b"],
  [["services", 1, "definition", "dsn", "server"], {}, /Invalid input|expected/],
  [["services", 1, "definition", "dsn", "password"], [], /Invalid input|expected/],
  // The rest of a definition
  [d("colour"), "blue", /colour/, "services[0].definition"],
  [["proxy"], { kind: "nginx" }, /./, "proxy.kind"],
  [d("tags"), ["a\nb"], /control characters/, "services[0].definition.tags[0]"],
  [d("middlewares"), ["a b"], /is not a middleware/, "services[0].definition.middlewares[0]"],
  [
    d("companions"),
    [{ name: "vaultwarden", program: vaultwarden.program, resources: vaultwarden.resources }],
    /is already a task of the job/,
    "services[0].definition.companions[0].name",
  ],
  [
    d("companions"),
    [{ name: "confirm", program: vaultwarden.program, resources: vaultwarden.resources }],
    /is already a task of the job/,
    "services[0].definition.companions[0].name",
  ],
  // Where a service stands
  [
    ["services", 0, "phase"],
    "moved",
    /"moved" is not a phase\. Allowed: prepared, cutover, settled, retired/,
  ],
  [["services", 0, "phase"], undefined, /is not a phase/],
  [
    ["services", 2, "phase"],
    "cutover",
    /cutover is refused: Uptime Kuma 2\.x supports only SQLite and MariaDB .* cannotMove: undefined/,
  ],
  [
    ["services", 3, "definition", "source", "serverEnvironment", "PGDATA"],
    "/var/lib/elsewhere",
    /is not in the source's volume, \/var\/lib\/postgresql\/data/,
  ],
  // Rollback
  [["services", 0, "rollback"], "undo", /"undo" is no rollback\. Allowed: copy-back, discard/],
  ...(["cutover", "settled", "retired"] as const).map((phase): Mistake => [
    ["services", 0],
    { ...homelab.services[0], phase, rollback: "discard" },
    /"discard" goes with phase "prepared"/,
    "services[0].rollback",
  ]),
  [["services", 4, "rollback"], "discard", /the service has no source to go back to/],
  [["services", 3, "rollback"], "copy-back", /Bring them back by hand \(docs\/go-back\.md/],
  [["services", 4, "phase"], "cutover", /the service has no source: it is already on the server/],
  [["services", 0, "existing"], ["database"], /Write the running password to Vault/],
  [["services", 0, "existing"], ["jobs"], /job.*secret.*database/, "services[0].existing[0]"],
  [["services", 0, "passwordVersion"], 0, />0|positive/i],
  [["passwordMaxAgeDays"], 0, />0|positive/i],
  [["services", 4, "passwordVersion"], 2, /a rotation is refused: FreshRSS keeps its connection/],
  // The environment
  ...["10.0.0.50:4646", "", "ftp://x", "nomad"].map((address): Mistake => [
    ["nomad", "address"],
    address,
    /is not an address of an API/,
  ]),
  [["vault", "address"], "x", /is not an address of an API/],
  [["consul", "address"], "x", /is not an address of an API/],
  [["nomad", "datacenter"], "dc 1", /is not a name/],
  [["nomad", "namespace"], "", /is not a name/],
  [["vault", "mount"], "/secret/", /path of a Vault secret/],
  [["vault", "jwtAuth"], "jwt nomad", /path of a Vault secret/],
  [["server", "lookup", "host"], "http://x", /is not a host/],
  [["server", "lookup", "port"], 0, /is not a port/],
  [["server", "lookup"], { by: "magic" }, /by|discriminator|Invalid input/i, "server.lookup.by"],
  [["server", "adminSecret"], "", /path of a Vault secret/],
  [["server", "sslmode"], "prefer", /disable.*require/],
  [["server", "sslmode"], "verify-full", /needs the certificate of the authority/, "server.caFile"],
  [["server", "caFile"], "ca.pem", /disable verifies no certificate/, "server.caFile"],
  [
    d("dsn", "parameters"),
    { sslmode: "disable" },
    /says it for every service/,
    "services[0].definition.dsn.parameters.sslmode",
  ],
  [
    ["server", "sslmode"],
    "verify-ca",
    /server\.sslmode is "verify-ca", and gitea cannot be told so\. Allowed with it: disable, require, verify-full\./,
    "services[5].definition.dsn.tls",
  ],
  [["migrator", "program", "network"], "bridge", /a loopback of its own.* Allowed: host/],
  ...["root user", "-1", "a:b:c", ""].map((user): Mistake => [
    d("program", "user"),
    user,
    /is not a user of a task/,
  ]),
  [["server", "image"], "postgres", /image with a tag/],
  [
    ["server", "image"],
    "postgres:16-alpine",
    /does not carry "vectors"/,
    "services[3].definition.database.extensions[5]",
  ],
  [
    ["server", "image"],
    "mine/postgres:1",
    /is not known here, and server\.extensions does not name "cube"/,
    "services[3].definition.database.extensions[0]",
  ],
  [["server", "preload"], [], /"vectors" needs vectors\.so/, "services[3].definition.database.extensions[5]"],
  [["server", "maxConnections"], 3, /add up to/],
  ...["Lab.", "", "a b", "-x", "a..b"].map((domain): Mistake => [["domain"], domain, /is not a domain/]),
  [["migrator", "snapshots"], "../x", /host volume/],
  [
    ["migrator", "program"],
    { driver: "docker", image: "x", network: "host" },
    /image with a tag/,
    "migrator.program.image",
  ],
  [["services"], {}, /expected array/],
];

test("there are at least a hundred of them", () => expect(mistakes.length).toBeGreaterThanOrEqual(100));

test.each<[Path, unknown, RegExp, string]>(
  mistakes.map(([path, value, says, at = pathOf(path)]) => [path, value, says, at]),
)("%j = %j is told in one line with its path", (path, value, says, at) => {
  const [heading, ...lines] = report(homelabWith(path, value));
  expect(heading).toMatch(/^The environment "homelab" has .*; nothing was touched\.$/);
  const line = lines.find((candidate) => candidate.startsWith(`  ${at}: `));
  expect(line).toMatch(says);
  expect(lines.join("\n")).not.toMatch(/^\s+at /m);
});

test("every problem is reported at once", () => {
  const twice: EnvironmentService = { definition: vaultwarden, phase: "prepared" };
  const [heading, ...lines] = report({ ...homelab, services: [twice, twice] });
  expect(heading).toContain("3 problems");
  expect(lines.map((line) => line.trim().split(":")[0])).toEqual([
    "services[1].definition.name",
    "services[1].definition.database.name",
    "services[1].definition.port.host",
  ]);
});

test("a retired service takes neither database nor port", () => {
  const other = { ...vaultwarden, name: "other" };
  expect(
    report({
      ...homelab,
      services: [
        { definition: vaultwarden, phase: "retired" },
        {
          definition: { ...other, database: { name: "vaultwarden", connectionLimit: 1 } },
          phase: "prepared",
        },
      ],
    }),
  ).toEqual([]);
});

test("a middleware of Traefik's is not lost to another proxy without a word", () => {
  const guarded = { ...vaultwarden, middlewares: ["authelia@file"] };
  const environment = homelabWith(["services", 0, "definition"], guarded);
  expect(report(environment)).toEqual([]);
  const [, problem] = report({ ...environment, proxy: { kind: "fabio" } });
  expect(problem).toMatch(/services\[0\]\.definition\.middlewares: authelia@file is Traefik's/);
});
