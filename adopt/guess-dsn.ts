/** How an app that pgmoor does not know takes its DSN, by the names and values of its variables. */
import type { Dsn } from "../nomad/dsn";
import type { Value } from "./values";

export const postgresUrl = /^(postgres(?:ql)?):\/\//i;
export const postgresType = /^(postgres(ql)?|pgsql|pdo_pgsql|postgresdb|pg|psycopg2?)$/i;
export const otherType = /^(mysql2?|mariadb|pdo_mysql|mssql|sqlserver|mongodb?|oracle)$/i;
const host = /^(.*?)(host(?:name)?|server|addr(?:ess)?)$/i;

/** @param beside whether its group has a PostgreSQL: then that is what it is about */
export function guessDsn(values: ReadonlyMap<string, Value>, beside: boolean): Dsn | undefined {
  for (const [variable, { text }] of values) {
    const [, scheme] = postgresUrl.exec(text) ?? [];
    if (scheme !== undefined)
      return {
        style: "url",
        variable,
        scheme: scheme.toLowerCase() === "postgres" ? "postgres" : "postgresql",
      };
  }
  for (const [name, { text }] of values) {
    const [, prefix] = host.exec(name) ?? [];
    if (prefix === undefined) continue;
    const of = (ending: RegExp) =>
      [...values.keys()].find((one) => one.startsWith(prefix) && ending.test(one.slice(prefix.length)));
    const [port, username, password] = [of(/^port$/i), of(/^user(name)?$/i), of(/^pass(word|wd)?$/i)];
    const database = of(/^(name|database|database_?name|db|dbname|base)$/i);
    const types = [...values].filter(([, value]) => postgresType.test(value.text)).map(([one]) => one);
    const isPostgres =
      beside ||
      /postgres|^pg|_pg_/i.test(name) ||
      types.length > 0 ||
      values.get(port ?? "")?.text === "5432";
    if (!isPostgres || username === undefined || password === undefined || database === undefined) continue;
    if (port === undefined && !/:\d+$|:\{\{/.test(text)) continue;
    return {
      style: "variables",
      server: port === undefined ? { address: name } : { host: name, port },
      database,
      username,
      password,
      ...(types.length === 0
        ? {}
        : { fixed: Object.fromEntries(types.map((one) => [one, values.get(one)!.text])) }),
    };
  }
  return undefined;
}
