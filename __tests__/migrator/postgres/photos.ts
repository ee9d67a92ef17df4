/** A database like Immich's: photos with vectors, and what else a dump can trip over. */

const dimensions = 64;

/** The admin's part. */
export const extensions = "CREATE EXTENSION vector";

/**
 * @param photos how many; each with a vector. The generator is fixed, so that two of them are equal.
 */
export const photos = (photos: number) => `
  ALTER DATABASE postgres SET search_path TO "$user", public, "Odd schema";
  ALTER ROLE postgres SET TimeZone TO 'Europe/Berlin';
  CREATE SCHEMA "Odd schema";
  -- Begins as the name of another.
  CREATE SCHEMA "public old";
  COMMENT ON SCHEMA "public old" IS 'kept';
  CREATE SEQUENCE "public old".numbers;
  CREATE TYPE kind AS ENUM ('IMAGE', 'VIDEO');
  CREATE DOMAIN stars AS smallint CHECK (VALUE BETWEEN 0 AND 5);
  CREATE FUNCTION folded(text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT lower($1)';
  -- Finds the other one by the search path alone, as Immich's ll_to_earth_public does.
  CREATE FUNCTION searched(text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN folded($1) || '.'; END $$;
  CREATE TABLE users (id uuid PRIMARY KEY, email text UNIQUE NOT NULL, quota bigint DEFAULT 0,
    -- Printed with its casts in other places once it has been through a dump.
    state varchar(9) DEFAULT 'new' CHECK (state IN ('new', 'old')));
  CREATE INDEX users_known ON users (email) WHERE state IN ('new', 'old');
  CREATE TABLE asset (
    id uuid PRIMARY KEY, "ownerId" uuid NOT NULL REFERENCES users ON DELETE CASCADE, type kind NOT NULL,
    taken timestamptz NOT NULL, checksum bytea NOT NULL, exif jsonb, title text, rating stars,
    folded text GENERATED ALWAYS AS (lower(title)) STORED, UNIQUE ("ownerId", checksum)
  );
  CREATE INDEX asset_searched ON asset (searched(title));
  CREATE TABLE smart_search ("assetId" uuid PRIMARY KEY REFERENCES asset ON DELETE CASCADE, embedding vector(${dimensions}) NOT NULL);
  CREATE TABLE audit (id integer GENERATED ALWAYS AS IDENTITY, at date, what text) PARTITION BY RANGE (at);
  CREATE TABLE audit_2025 PARTITION OF audit FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
  CREATE TABLE audit_rest PARTITION OF audit DEFAULT;
  CREATE TABLE "Odd schema"."select ""quoted""" (n serial PRIMARY KEY, x double precision, i interval);
  CREATE TABLE nothing ();
  CREATE SEQUENCE album_number START 41 INCREMENT 2;
  CREATE TABLE kysely_migrations (name text PRIMARY KEY);
  INSERT INTO kysely_migrations VALUES ('1744910873969-InitialMigration');
  SELECT nextval('album_number'), nextval('album_number');
  INSERT INTO users SELECT md5('user' || i)::uuid, 'user' || i || '@example.org', i * 1000000000::bigint FROM generate_series(0, 9) i;
  INSERT INTO asset SELECT md5('asset' || i)::uuid, md5('user' || i % 10)::uuid, (ARRAY['IMAGE', 'VIDEO'])[1 + i % 2]::kind,
    '2020-01-01'::timestamptz + i * interval '61.000001 seconds', sha256(i::text::bytea),
    jsonb_build_object('lat', i / 7.0, 'tags', ARRAY['ä', E'\\t\\n\\\\', NULL]), CASE WHEN i % 3 > 0 THEN 'Title ' || i END, i % 6
    FROM generate_series(1, ${photos}) i;
  INSERT INTO smart_search SELECT md5('asset' || i)::uuid,
    (SELECT array_agg(sin(i * 0.37 + d * (1 + i % 11))::real) FROM generate_series(1, ${dimensions}) d)::vector
    FROM generate_series(1, ${photos}) i;
  CREATE INDEX clip_index ON smart_search USING hnsw (embedding vector_cosine_ops) WITH (m = 8, ef_construction = 16);
  INSERT INTO audit (at, what) SELECT '2025-06-01'::date + i * 10, 'deleted ' || i FROM generate_series(1, 50) i;
  INSERT INTO "Odd schema"."select ""quoted""" (x, i) SELECT 1.0 / i, make_interval(days => i, secs => 0.5) FROM generate_series(1, 20) i;
  INSERT INTO nothing DEFAULT VALUES;
  CREATE MATERIALIZED VIEW per_owner AS SELECT "ownerId", count(*) FROM asset GROUP BY 1;
  CREATE MATERIALIZED VIEW busy AS SELECT * FROM per_owner WHERE count > 1;
  CREATE VIEW videos AS SELECT id, title FROM asset WHERE type = 'VIDEO';
  CREATE VIEW owners AS SELECT u.email, count(*) FROM users u JOIN asset a ON a."ownerId" = u.id WHERE u.state IN ('new', 'old') GROUP BY u.email;
  CREATE FUNCTION touched() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.title := folded(NEW.title); RETURN NEW; END $$;
  CREATE TRIGGER touch BEFORE UPDATE ON asset FOR EACH ROW EXECUTE FUNCTION touched();`;

/** Rows that `photos` makes. */
export const rowsOf = (photos: number) => 2 * photos + 10 + 50 + 20 + 1 + 1;

/** The photos most like one of them, by their vectors alone: an HNSW index is built by chance, and answers nearly. */
export const neighbours = (photo: number) => `
  WITH measured AS MATERIALIZED (
    SELECT "assetId"::text AS id, embedding <=> (SELECT embedding FROM smart_search WHERE "assetId" = md5('asset${photo}')::uuid) AS distance
    FROM smart_search)
  SELECT id, distance::text FROM measured ORDER BY measured.distance, id LIMIT 20`;
