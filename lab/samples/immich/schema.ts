/** Tables of the kind that Immich makes, with what it takes of its extensions; the vectors are plain arrays. */
export const extensions = ["cube", "earthdistance", "pg_trgm", "unaccent", "uuid-ossp"];

export const migrations = ["1744910873969-InitialMigration", "1750694237564-AddAlbumUserSync"];

export const schema = `
CREATE TABLE kysely_migrations (name varchar(255) PRIMARY KEY, timestamp varchar(255) NOT NULL);
CREATE FUNCTION f_unaccent(text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN unaccent('unaccent', $1);
CREATE FUNCTION ll_to_earth_public(latitude double precision, longitude double precision) RETURNS public.earth
  LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT public.cube(public.cube(public.cube(public.earth() * cos(radians(latitude)) * cos(radians(longitude))),
      public.earth() * cos(radians(latitude)) * sin(radians(longitude))), public.earth() * sin(radians(latitude)))::public.earth $$;
CREATE FUNCTION updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN NEW."updatedAt" = clock_timestamp(); RETURN NEW; END $$;
CREATE TYPE asset_visibility_enum AS ENUM ('archive', 'timeline', 'hidden', 'locked');
CREATE TABLE asset (
  id uuid PRIMARY KEY DEFAULT uuid_generate_v4(),
  "originalPath" text NOT NULL,
  "fileCreatedAt" timestamptz NOT NULL,
  "updatedAt" timestamptz NOT NULL DEFAULT now(),
  checksum bytea NOT NULL UNIQUE,
  duration interval,
  visibility asset_visibility_enum NOT NULL DEFAULT 'timeline'
);
CREATE INDEX "asset_originalPath_idx" ON asset USING gin (f_unaccent("originalPath") gin_trgm_ops);
CREATE TRIGGER asset_updated_at BEFORE UPDATE ON asset FOR EACH ROW EXECUTE FUNCTION updated_at();
CREATE TABLE asset_exif (
  "assetId" uuid PRIMARY KEY REFERENCES asset (id) ON DELETE CASCADE,
  description text NOT NULL DEFAULT '',
  latitude double precision,
  longitude double precision,
  "fNumber" double precision,
  tags jsonb
);
CREATE INDEX "asset_exif_earthcoord_idx" ON asset_exif USING gist (ll_to_earth_public(latitude, longitude));
CREATE TABLE smart_search (
  "assetId" uuid PRIMARY KEY REFERENCES asset (id) ON DELETE CASCADE,
  embedding real[] NOT NULL
);
CREATE TABLE album (id serial PRIMARY KEY, "albumName" varchar NOT NULL, "albumThumbnailAssetId" uuid REFERENCES asset (id));
CREATE VIEW asset_face_count AS SELECT visibility, count(*) FROM asset GROUP BY visibility;
INSERT INTO kysely_migrations VALUES ${migrations.map((name) => `('${name}', '2025-06-01T00:00:00.000Z')`).join(", ")}`;

/** A library of so many photos: the same every time, but for their ids. */
export const library = (photos: number) => `
INSERT INTO asset ("originalPath", "fileCreatedAt", "updatedAt", checksum, duration)
  SELECT format(E'/usr/src/app/upload/Zürich \\\\ %s\\t.jpg', n), '2025-06-01 12:00:00.123456+02'::timestamptz + n * interval '7 minutes',
         '2025-06-02', decode(md5(n::text), 'hex'), CASE WHEN n % 9 = 0 THEN n * interval '1.5 seconds' END
  FROM generate_series(1, ${photos}) n;
INSERT INTO asset_exif
  SELECT id, CASE WHEN n % 5 = 0 THEN E'tab\\there, 漢字, \\\\N' ELSE '' END, 47 + sin(n), 8 + cos(n), 1.8 + n / 3.0,
         jsonb_build_object('make', 'Lab', 'n', n)
  FROM (SELECT id, row_number() OVER (ORDER BY checksum) AS n FROM asset) numbered WHERE n % 10 <> 0;
INSERT INTO smart_search
  SELECT id, ARRAY(SELECT sin(n * i)::real FROM generate_series(1, 64) i)
  FROM (SELECT id, row_number() OVER (ORDER BY checksum) AS n FROM asset) numbered;
INSERT INTO album ("albumName", "albumThumbnailAssetId") SELECT 'Summer', id FROM asset ORDER BY checksum LIMIT 20;`;
