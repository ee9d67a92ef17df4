/** Whether the central PostgreSQL is what the environment says: extensions, preloaded libraries, connections. */
import type { EnvironmentService } from "../../environments/model/environment";
import { messageOf } from "../../migrator/base/errors";
import { databaseName } from "../../services/definition";
import { preloadLibraries } from "../../services/server-images";
import { asAdmin, isAdmin } from "../../survey/postgres";
import { databasesOf, driftOf, limitChange } from "../drift";
import { isTold } from "../../status/report";
import type { Look, Probe, Told } from "../probe";

interface Facts {
  readonly available: readonly string[];
  readonly preloaded: readonly string[];
  readonly maximum: number;
  readonly reserved: number;
  /** Sessions of other roles than the services'. */
  readonly others: number;
  readonly standby: boolean;
}

const factsSql = `
  SELECT ARRAY(SELECT name::text FROM pg_available_extensions) AS available,
         string_to_array(replace(current_setting('shared_preload_libraries'), ' ', ''), ',') AS preloaded,
         current_setting('max_connections')::int AS maximum,
         current_setting('superuser_reserved_connections')::int
           + coalesce(current_setting('reserved_connections', true), '0')::int AS reserved,
         (SELECT count(*)::int FROM pg_stat_activity
           WHERE backend_type = 'client backend' AND usename <> ALL ($1) AND pid <> pg_backend_pid()) AS others,
         pg_is_in_recovery() AS standby`;

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
        const databases = await databasesOf(client, names);
        return {
          problems: [
            ...connectionProblems(look, live, rows[0]!),
            ...services.flatMap(({ service, name, job }) => [
              ...extensionProblems(service, rows[0]!),
              ...driftOf(service, databases, isTold(job) && job.phase !== null).map((what) => ({
                service: name,
                what,
              })),
            ]),
          ],
          notes: services.flatMap(({ service, name }) => {
            const what = limitChange(service, databases);
            return what === undefined ? [] : [{ service: name, what }];
          }),
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
  { maximum, reserved, others, standby }: Facts,
): Told[] {
  const declared = environment.server.maxConnections;
  const limits = live.reduce((sum, { definition }) => sum + definition.database.connectionLimit, 0);
  const left = maximum - reserved - others;
  const told = [
    ...(standby
      ? ["the server is a standby, and takes no writes. Name its primary in the environment (server)"]
      : []),
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
