/** Speedtest Tracker's tables as Laravel makes them in either database, by its migrations. */
export const migrations = ["0001_01_01_000000_create_users_table", "2024_11_01_000000_create_results_table"];

export const sqliteSchema = `
CREATE TABLE migrations (
  id integer PRIMARY KEY AUTOINCREMENT NOT NULL, migration varchar NOT NULL, batch integer NOT NULL
);
CREATE TABLE users (
  id integer PRIMARY KEY AUTOINCREMENT NOT NULL,
  name varchar NOT NULL,
  email varchar NOT NULL,
  email_verified_at datetime,
  password varchar NOT NULL,
  role varchar NOT NULL DEFAULT 'user',
  remember_token varchar,
  created_at datetime,
  updated_at datetime
);
CREATE UNIQUE INDEX users_email_unique ON users (email);
CREATE TABLE results (
  id integer PRIMARY KEY AUTOINCREMENT NOT NULL,
  service varchar NOT NULL DEFAULT 'ookla',
  ping float,
  download integer,
  upload integer,
  comments text,
  data text,
  status varchar NOT NULL,
  scheduled tinyint(1) NOT NULL DEFAULT '0',
  healthy tinyint(1),
  dispatched_by integer REFERENCES users (id),
  created_at datetime,
  updated_at datetime
);
CREATE INDEX results_created_at_index ON results (created_at)
`;

export const postgresSchema = `
CREATE TABLE migrations (
  id serial PRIMARY KEY, migration varchar(255) NOT NULL, batch integer NOT NULL
);
CREATE TABLE users (
  id bigserial PRIMARY KEY,
  name varchar(255) NOT NULL,
  email varchar(255) NOT NULL CONSTRAINT users_email_unique UNIQUE,
  email_verified_at timestamp(0) without time zone,
  password varchar(255) NOT NULL,
  role varchar(255) NOT NULL DEFAULT 'user',
  remember_token varchar(100),
  created_at timestamp(0) without time zone,
  updated_at timestamp(0) without time zone
);
CREATE TABLE results (
  id bigserial PRIMARY KEY,
  service varchar(255) NOT NULL DEFAULT 'ookla',
  ping double precision,
  download bigint,
  upload bigint,
  comments text,
  data json,
  status varchar(255) NOT NULL,
  scheduled boolean NOT NULL DEFAULT false,
  healthy boolean,
  dispatched_by bigint CONSTRAINT results_dispatched_by_foreign REFERENCES users (id),
  created_at timestamp(0) without time zone,
  updated_at timestamp(0) without time zone
);
CREATE INDEX results_created_at_index ON results (created_at)
`;
