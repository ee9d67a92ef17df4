/** Whether the central PostgreSQL is what the environment says: extensions, preloaded libraries, connections. */
import type { EnvironmentService } from "../../environments/model/environment";
import { messageOf } from "../../migrator/base/errors";
import { databaseName } from "../../services/definition";
import { preloadLibraries } from "../../services/server-images";
import { asAdmin, isAdmin } from "../../survey/postgres";
import type { Look, Probe, Told } from "../probe";

interface Facts {
  readonly available: readonly string[];
  readonly preloaded: readonly string[];
  readonly maximum: number;
  readonly reserved: number;
  /** Sessions of other roles than the services'. */
  readonly others: number;
}

const factsSql = `
  SELECT ARRAY(SELECT name::text FROM pg_available_extensions) AS available,
         string_to_array(replace(current_setting('shared_preload_libraries'), ' ', ''), ',') AS preloaded,
         current_setting('max_connections')::int AS maximum,
         current_setting('superuser_reserved_connections')::int
           + coalesce(current_setting('reserved_connections', true), '0')::int AS reserved,
         (SELECT count(*)::int FROM pg_stat_activity
           WHERE backend_type = 'client backend' AND usename <> ALL ($1) AND pid <> pg_backend_pid()) AS others`;

const ownersSql = `
  SELECT d.datname AS name, r.rolname AS owner, l.rolcanlogin AS "canLogin"
    FROM pg_database d JOIN pg_roles r ON r.oid = d.datdba LEFT JOIN pg_roles l ON l.rolname = d.datname
   WHERE d.datname = ANY ($1)`;

export const server: Probe = {
  name: "server",
  needs: ["postgres"],
  async look(look) {
    const { environment, place, admin, services } = look;
    if (typeof admin === "string") return {};
    const live = environment.services.filter(({ phase }) => phase !== "retired");
    const names = live.map(({ definition }) => databaseName(definition));
    if (!isAdmin(admin)) {
      const secret = `${environment.vault.mount}/${environment.server.adminSecret}`;
      return { problems: [{ service: null, what: `${secret} in Vault lacks username or password` }] };
    }
    try {
      return await asAdmin(environment, place!, admin, "postgres", async (client) => {
        const { rows } = await client.query<Facts>(factsSql, [names]);
        const owners = await client.query<Owner>(ownersSql, [names]);
        return {
          problems: [
            ...connectionProblems(look, live, rows[0]!),
            ...services.flatMap(({ service, name }) => [
              ...extensionProblems(service, rows[0]!),
              ...ownerProblems(owners.rows, name, databaseName(service.definition)),
            ]),
          ],
        };
      });
    } catch (error) {
      return { problems: [{ service: null, what: `PostgreSQL cannot be asked: ${messageOf(error)}` }] };
    }
  },
};

function connectionProblems(
  { environment }: Look,
  live: readonly EnvironmentService[],
  { maximum, reserved, others }: Facts,
): Told[] {
  const declared = environment.server.maxConnections;
  const limits = live.reduce((sum, { definition }) => sum + definition.database.connectionLimit, 0);
  const left = maximum - reserved - others;
  const told = [
    ...(maximum < declared
      ? [
          `max_connections is ${maximum} on the server, and ${declared} in the environment. Raise it on the server, or correct server.maxConnections`,
        ]
      : []),
    ...(limits > left
      ? [
          `the services' connection limits add up to ${limits}; the server has ${maximum}, less ${reserved} reserved and ${others} open sessions of others. Raise max_connections, or lower the limits`,
        ]
      : []),
  ];
  return told.map((what) => ({ service: null, what }));
}

function extensionProblems({ definition }: EnvironmentService, { available, preloaded }: Facts): Told[] {
  const libraries = new Set(preloaded.map((library) => library.replace(/\.so$/, "")));
  return (definition.database.extensions ?? []).flatMap((extension) => {
    const library = preloadLibraries[extension];
    if (!available.includes(extension))
      return [
        {
          service: definition.name,
          what: `the server does not have the extension "${extension}". Run it from an image that carries it`,
        },
      ];
    if (library !== undefined && !libraries.has(library.replace(/\.so$/, "")))
      return [
        {
          service: definition.name,
          what: `the extension "${extension}" needs ${library} in the server's shared_preload_libraries. Add it, and restart the server`,
        },
      ];
    return [];
  });
}

interface Owner {
  readonly name: string;
  readonly owner: string;
  readonly canLogin: boolean | null;
}

/** "permission denied for schema public", from PostgreSQL 15 on. */
function ownerProblems(owners: readonly Owner[], service: string, database: string): Told[] {
  const found = owners.find(({ name }) => name === database);
  if (found === undefined) return [];
  const told = [
    ...(found.owner === database
      ? []
      : [
          `the database ${database} belongs to the role ${found.owner}: the service may not make tables in its schema public. Run ALTER DATABASE ${database} OWNER TO ${database}`,
        ]),
    ...(found.canLogin === false
      ? [`the role ${database} may not log in. Run ALTER ROLE ${database} LOGIN`]
      : []),
  ];
  return told.map((what) => ({ service, what }));
}
