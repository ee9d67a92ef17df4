/** Everything that the app has defined, by content: what a move has to bring over unchanged, rows apart. */
import type { ClientBase } from "pg";
import { ofTheApp } from "./catalog";

/** What is said of an object: `type`, `default`, …. Those that end in `()` are expressions as the server prints them. */
export type Properties = Readonly<Record<string, string | boolean | number | null>>;

/** Each answers `kind`, `name` and the object's `properties`. Names of extensions' objects are no definitions of the app's. */
const queries = [
  // Tables, views, sequences, composite types.
  `SELECT 'relation ' || c.relkind::text AS kind, c.oid::regclass::text AS name, jsonb_build_object(
     'persistence', c.relpersistence, 'row security', c.relrowsecurity, 'forced row security', c.relforcerowsecurity,
     'options', (SELECT string_agg(o, ', ' ORDER BY o) FROM unnest(c.reloptions) o), 'replica identity', c.relreplident,
     'partition key()', pg_get_partkeydef(c.oid), 'partition bound()', pg_get_expr(c.relpartbound, c.oid),
     'parents', (SELECT string_agg(inhparent::regclass::text, ', ' ORDER BY inhseqno) FROM pg_inherits WHERE inhrelid = c.oid),
     'query()', CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END) AS properties
   FROM pg_class c JOIN pg_namespace n ON ${ofTheApp("pg_class", "relnamespace")} WHERE c.relkind NOT IN ('i', 'I', 't')`,
  // From PostgreSQL 17 on, a partition has the identity of its parent's column. Before, it had none.
  `SELECT 'column', format('%s.%I', c.oid::regclass, a.attname), jsonb_build_object(
     'type', format_type(a.atttypid, a.atttypmod), 'NOT NULL', a.attnotnull, 'generated', a.attgenerated,
     'identity', CASE WHEN NOT c.relispartition THEN a.attidentity END,
     'default()', pg_get_expr(d.adbin, d.adrelid), 'inherited', a.attinhcount > 0 AND NOT a.attislocal,
     'collation', CASE WHEN a.attcollation <> t.typcollation THEN a.attcollation::regcollation::text END,
     'place', row_number() OVER (PARTITION BY c.oid ORDER BY a.attnum))
   FROM pg_class c JOIN pg_namespace n ON ${ofTheApp("pg_class", "relnamespace")}
   JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped JOIN pg_type t ON t.oid = a.atttypid
   LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum WHERE c.relkind NOT IN ('i', 'I', 't', 'S')`,
  `SELECT 'sequence', c.oid::regclass::text, jsonb_build_object('type', s.seqtypid::regtype, 'start', s.seqstart,
     'increment', s.seqincrement, 'minimum', s.seqmin, 'maximum', s.seqmax, 'cache', s.seqcache, 'cycle', s.seqcycle,
     'owner', (SELECT format('%s.%I', d.refobjid::regclass, a.attname) FROM pg_depend d
               JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
               WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')))
   FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON ${ofTheApp("pg_class", "relnamespace")}`,
  `SELECT 'index', c.oid::regclass::text, jsonb_build_object('definition()', pg_get_indexdef(c.oid), 'valid', i.indisvalid,
     'clustered', i.indisclustered, 'replica identity', i.indisreplident)
   FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON ${ofTheApp("pg_class", "relnamespace")}`,
  // NOT NULL is a constraint with a name from PostgreSQL 18 on only: it is the column's.
  `SELECT 'constraint', format('%I of %s', c.conname, coalesce(nullif(c.conrelid, 0)::regclass::text, c.contypid::regtype::text)),
     jsonb_build_object('definition()', pg_get_constraintdef(c.oid), 'validity', c.convalidated, 'inherited', NOT c.conislocal)
   FROM pg_constraint c JOIN pg_namespace n ON ${ofTheApp("pg_constraint", "connamespace")} WHERE c.contype NOT IN ('n', 't')`,
  `SELECT 'trigger', format('%I of %s', t.tgname, c.oid::regclass),
     jsonb_build_object('definition()', pg_get_triggerdef(t.oid), 'state', t.tgenabled)
   FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON ${ofTheApp("pg_class", "relnamespace")}
   WHERE NOT t.tgisinternal`,
  `SELECT 'rule', format('%I of %s', r.rulename, c.oid::regclass),
     jsonb_build_object('definition()', pg_get_ruledef(r.oid), 'state', r.ev_enabled)
   FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class JOIN pg_namespace n ON ${ofTheApp("pg_class", "relnamespace")}
   WHERE r.rulename <> '_RETURN'`,
  `SELECT 'policy', format('%I of %s', p.polname, c.oid::regclass), jsonb_build_object('command', p.polcmd, 'permissive', p.polpermissive,
     'roles', (SELECT string_agg(coalesce(rolname, 'PUBLIC'), ', ' ORDER BY rolname) FROM unnest(p.polroles) role LEFT JOIN pg_roles r ON r.oid = role), 'using()', pg_get_expr(p.polqual, p.polrelid), 'check()', pg_get_expr(p.polwithcheck, p.polrelid))
   FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid JOIN pg_namespace n ON ${ofTheApp("pg_class", "relnamespace")}`,
  // A body is compared to the letter, unless the server keeps it as an expression.
  `SELECT 'function', c.oid::regprocedure::text, jsonb_build_object('kind', c.prokind, 'body', c.prosrc, 'library', c.probin,
     'expression()', CASE WHEN c.prosrc = '' THEN pg_get_functiondef(c.oid) END, 'arguments()', pg_get_function_arguments(c.oid),
     'result', pg_get_function_result(c.oid), 'language', (SELECT lanname FROM pg_language WHERE oid = c.prolang),
     'volatility', c.provolatile, 'strictness', c.proisstrict, 'security', c.prosecdef, 'leakproof', c.proleakproof,
     'parallel', c.proparallel, 'cost', c.procost, 'rows', c.prorows, 'settings', array_to_string(c.proconfig, ', '))
   FROM pg_proc c JOIN pg_namespace n ON ${ofTheApp("pg_proc", "pronamespace")} WHERE c.prokind <> 'a'`,
  `SELECT 'aggregate', c.oid::regprocedure::text, (to_jsonb(a) - '{aggfnoid,aggtranstype,aggmtranstype,aggsortop}'::text[]) ||
     jsonb_build_object('state', a.aggtranstype::regtype, 'moving state', a.aggmtranstype::regtype, 'sort', a.aggsortop::regoperator)
   FROM pg_aggregate a JOIN pg_proc c ON c.oid = a.aggfnoid JOIN pg_namespace n ON ${ofTheApp("pg_proc", "pronamespace")}`,
  `SELECT 'type', c.oid::regtype::text, jsonb_build_object('kind', c.typtype, 'base', format_type(nullif(c.typbasetype, 0), c.typtypmod),
     'NOT NULL', c.typnotnull, 'default()', coalesce(pg_get_expr(c.typdefaultbin, 0), c.typdefault),
     'labels', (SELECT string_agg(quote_literal(enumlabel), ', ' ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = c.oid),
     'range of', (SELECT rngsubtype::regtype::text FROM pg_range WHERE rngtypid = c.oid))
   FROM pg_type c JOIN pg_namespace n ON ${ofTheApp("pg_type", "typnamespace")} WHERE c.typtype IN ('d', 'e', 'r')`,
  `SELECT 'statistics', format('%I.%I', n.nspname, c.stxname), jsonb_build_object('definition()', pg_get_statisticsobjdef(c.oid))
   FROM pg_statistic_ext c JOIN pg_namespace n ON ${ofTheApp("pg_statistic_ext", "stxnamespace")}`,
  // Releases differ in the column that has the locale.
  `SELECT 'collation', c.oid::regcollation::text, jsonb_build_object('provider', c.collprovider, 'deterministic', c.collisdeterministic,
     'locale', coalesce(to_jsonb(c) ->> 'colllocale', to_jsonb(c) ->> 'colliculocale', c.collcollate))
   FROM pg_collation c JOIN pg_namespace n ON ${ofTheApp("pg_collation", "collnamespace")}`,
];

/** Everything that the app has defined, by kind and name. */
export async function definitionsOf(client: ClientBase): Promise<Map<string, Properties>> {
  const all = queries.map((query) => `(${query})`).join("\nUNION ALL\n");
  const result = await client.query<{ kind: string; name: string; properties: Properties }>(
    `SELECT kind, name, properties FROM (${all}) d`,
  );
  return new Map(result.rows.map(({ kind, name, properties }) => [`${kind} ${name}`, properties]));
}
