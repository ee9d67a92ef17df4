/** An app whose PostgreSQL is not in its group: is it the environment's server? */
import type { AnyDefinition } from "../services/definition";
import type { Job } from "../nomad/job";
import type { ServerLookup } from "../nomad/dsn";
import { todo } from "../services/todo";
import type { Open } from "./open";
import type { FoundApp } from "./find";
import { isPostgresTask } from "./programs";
import { valuesOf } from "./values";

/** What `adopt` knows of the environment. */
export interface Around {
  /** Of Vault's KV engine. */
  readonly mount: string;
  readonly server: {
    readonly service: string;
    readonly lookup: ServerLookup;
    readonly address?: { host: string };
  };
}

/** The group of the job, other than the app's, that has the PostgreSQL. */
export function serverGroup(
  { group }: FoundApp,
  host: string,
  job: Job,
  { server }: Around,
): string | undefined {
  if (isServer(host, server)) return undefined;
  return job.TaskGroups.find((one) => one !== group && one.Tasks.some(isPostgresTask))?.Name;
}

export function serverDatabase(
  name: string,
  app: FoundApp,
  host: string,
  { server }: Around,
): Partial<Open<AnyDefinition["database"]>> {
  if (!isServer(host, server))
    return {
      name: todo(
        `its PostgreSQL is at ${host}, which is not the environment's server. Move its data by hand first (docs/move-by-hand.md); is it the server under another name, give the database's name`,
      ),
    };
  const [database, user] = namesOf(app);
  if (database === undefined || user === undefined)
    return { name: todo("which database of the server is its own? Its role has the same name") };
  if (database !== user)
    return {
      name: todo(
        `its database is ${database} and its role is ${user}. pgmoor has one name for both: rename the role (ALTER ROLE ${user} RENAME TO ${database}), and give the name`,
      ),
    };
  return database === name.replaceAll("-", "_") ? {} : { name: database };
}

function isServer(host: string, { service, lookup, address }: Around["server"]): boolean {
  const bare = host.replace(/:\d+$/, "");
  if (lookup.by === "dns" && bare === lookup.host) return true;
  if (address !== undefined && bare === address.host) return true;
  const consul = new RegExp(
    `(^|[".])${service.replace(/[^\w-]/g, "\\$&")}(\\.service(\\.[\\w-]+)?\\.consul$|")`,
  );
  return consul.test(bare);
}

/** Database and role, as the job says them. */
function namesOf({ task, dsn }: FoundApp): [string | undefined, string | undefined] {
  const values = valuesOf(task);
  const plain = (names: string | readonly string[]) =>
    [names].flat().flatMap((name) => {
      const value = values.get(name);
      return value === undefined || value.rendered ? [] : [value.text];
    })[0];
  if (dsn === undefined) return [undefined, undefined];
  if (dsn.style === "variables") return [plain(dsn.database), plain(dsn.username)];
  const { text } = values.get(dsn.variable) ?? { text: "" };
  const [, user] = /^\w+:\/\/([^:@/{}]+)[:@]/.exec(text) ?? [];
  const [, database] = /@[\s\S]*\/([\w-]+)(?:\?[^/]*)?$/.exec(text) ?? [];
  return [database, user];
}
