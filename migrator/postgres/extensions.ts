import type { ClientBase } from "pg";
import { identifier } from "../base/quoting";
import { Refused } from "../base/errors";
import { ofExtensions } from "./catalog";

interface Extension {
  name: string;
  schema: string;
  usable: boolean;
}

/** plpgsql is everywhere. */
async function extensionsOf(client: ClientBase): Promise<Map<string, Extension>> {
  const result = await client.query<Extension>(`
    SELECT e.extname AS name, n.nspname AS schema, has_schema_privilege(n.oid, 'USAGE') AS usable
    FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname <> 'plpgsql'`);
  return new Map(result.rows.map((extension) => [extension.name, extension]));
}

/** What of the app's is made with each extension: columns of its types, indexes of its kinds, …. */
const dependents = `
  WITH parts AS (${ofExtensions})
  SELECT p.name, array_agg(DISTINCT pg_describe_object(d.classid, d.objid, d.objsubid)) AS objects
  FROM parts p
  JOIN pg_depend d ON d.refclassid = p.classid AND d.refobjid = p.objid AND d.deptype IN ('n', 'a')
  WHERE p.name = ANY ($1)
    -- What is in no schema is a part of something that is listed, or of the extension.
    AND (pg_identify_object(d.classid, d.objid, d.objsubid)).schema IS NOT NULL
    AND NOT EXISTS (SELECT FROM parts x WHERE x.classid = d.classid AND x.objid = d.objid)
  GROUP BY 1`;

const namedLimit = 10;

/**
 * Holds the extensions of the two sides against each other, before anything of the target is touched.
 * @returns those that the target lacks and nothing of the app's is made with.
 * @throws Refused naming what the target lacks, and what needs it.
 */
export async function requireExtensions(source: ClientBase, target: ClientBase): Promise<string[]> {
  const [here, there] = [await extensionsOf(source), await extensionsOf(target)];
  const missing = [...here.keys()].filter((name) => !there.has(name)).sort();
  const needed = await source.query<{ name: string; objects: string[] }>(dependents, [missing]);
  const problems = needed.rows.map(({ name, objects }) => {
    const more = objects.length > namedLimit ? `, and ${objects.length - namedLimit} more` : "";
    return (
      `the target lacks the extension ${name}, and the source depends on it for ${objects.slice(0, namedLimit).join(", ")}${more}. ` +
      "Add it to database.extensions of the service's definition, and deploy; the server's image must have it"
    );
  });
  for (const { name, schema, usable } of there.values()) {
    const other = here.get(name);
    if (other === undefined) continue;
    if (schema !== other.schema) {
      problems.push(
        `extension ${name} is in schema ${schema} of the target, and in ${other.schema} of the source, where the app's tables ` +
          `look for it. As the admin, run: ALTER EXTENSION ${identifier(name)} SET SCHEMA ${identifier(other.schema)}`,
      );
    } else if (!usable) {
      problems.push(
        `permission denied: the role cannot use the schema ${schema} of extension ${name}. As the admin, run: GRANT USAGE ON SCHEMA ` +
          `${identifier(schema)} TO the service's role`,
      );
    }
  }
  if (problems.length > 0) throw new Refused(problems.join("\n"));
  return missing;
}
