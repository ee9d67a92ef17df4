/**
 * What images of PostgreSQL carry beside PostgreSQL: which extensions a database on them can have, and which libraries have
 * to be preloaded for some.
 */

/** Extensions of PostgreSQL itself. Source: https://www.postgresql.org/docs/16/contrib.html */
export const contrib: readonly string[] = [
  ..."amcheck autoinc bloom btree_gin btree_gist citext cube dblink dict_int dict_xsyn earthdistance file_fdw".split(
    " ",
  ),
  ..."fuzzystrmatch hstore insert_username intagg intarray isn lo ltree moddatetime pageinspect".split(" "),
  ..."pg_buffercache pg_freespacemap pg_prewarm pg_stat_statements pg_surgery pg_trgm pg_visibility".split(
    " ",
  ),
  ..."pg_walinspect pgcrypto pgrowlocks pgstattuple postgres_fdw refint seg sslinfo tablefunc tcn".split(" "),
  ..."tsm_system_rows tsm_system_time unaccent uuid-ossp xml2 plpgsql".split(" "),
];

interface Carried {
  readonly image: RegExp;
  readonly extensions: readonly string[];
}

const images: readonly Carried[] = [
  // https://hub.docker.com/_/postgres
  { image: /^(docker\.io\/(library\/)?)?postgres:/, extensions: [] },
  // https://github.com/tensorchord/pgvecto.rs
  { image: /^(docker\.io\/)?tensorchord\/pgvecto-rs:/, extensions: ["vectors"] },
  // https://github.com/immich-app/base-images: both, the way from one to the other
  {
    image: /^ghcr\.io\/immich-app\/postgres:.*-vectorchord.*-pgvectors/,
    extensions: ["vector", "vchord", "vectors"],
  },
  { image: /^ghcr\.io\/immich-app\/postgres:.*-vectorchord/, extensions: ["vector", "vchord"] },
  // https://github.com/tensorchord/VectorChord
  { image: /^(docker\.io\/|ghcr\.io\/)?tensorchord\/vchord-postgres:/, extensions: ["vector", "vchord"] },
  // https://github.com/pgvector/pgvector
  { image: /^(docker\.io\/)?pgvector\/pgvector:/, extensions: ["vector"] },
];

/** The library that a server has to preload for an extension. */
export const preloadLibraries: Readonly<Record<string, string>> = {
  vectors: "vectors.so",
  vchord: "vchord.so",
  pg_stat_statements: "pg_stat_statements",
};

/**
 * The schema that an extension makes for itself, where a role that owns its database may not look without a grant.
 * Source: https://github.com/tensorchord/pgvecto.rs (`vectors.control`)
 */
export const extensionSchemas: Readonly<Record<string, string>> = { vectors: "vectors" };

/** The extensions that a server of this image can have; undefined for an image that is not known here. */
export function extensionsOf(image: string): readonly string[] | undefined {
  const carried = images.find((candidate) => candidate.image.test(image));
  return carried === undefined ? undefined : [...contrib, ...carried.extensions];
}
