/**
 * Tables of Vaultwarden's shape, as it makes them in either database: the ones a vault cannot be without. Its
 * migrations are written for each of them, and end with the same one.
 */
export const sqliteSchema = `
CREATE TABLE __diesel_schema_migrations (
  version VARCHAR(50) PRIMARY KEY NOT NULL,
  run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE users (
  uuid TEXT NOT NULL PRIMARY KEY,
  created_at DATETIME NOT NULL,
  updated_at DATETIME NOT NULL,
  email TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  password_hash BLOB NOT NULL,
  salt BLOB NOT NULL,
  password_iterations INTEGER NOT NULL,
  akey TEXT NOT NULL,
  verified_at DATETIME DEFAULT NULL,
  enabled BOOLEAN NOT NULL DEFAULT 1
);
CREATE TABLE ciphers (
  uuid TEXT NOT NULL PRIMARY KEY,
  created_at DATETIME NOT NULL,
  updated_at DATETIME NOT NULL,
  user_uuid TEXT REFERENCES users (uuid),
  organization_uuid TEXT,
  atype INTEGER NOT NULL,
  name TEXT NOT NULL,
  notes TEXT,
  fields TEXT,
  data TEXT NOT NULL,
  deleted_at DATETIME,
  reprompt INTEGER,
  "key" TEXT
);
CREATE INDEX idx_ciphers_user ON ciphers (user_uuid);
INSERT INTO __diesel_schema_migrations (version) VALUES ('20180114171611'), ('20180217205753'), ('20180427155151'), ('20260505120000')
`;

export const postgresSchema = `
CREATE TABLE __diesel_schema_migrations (
  version varchar(50) PRIMARY KEY,
  run_on timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE users (
  uuid varchar(40) PRIMARY KEY,
  created_at timestamp NOT NULL,
  updated_at timestamp NOT NULL,
  email text NOT NULL UNIQUE,
  name text NOT NULL,
  password_hash bytea NOT NULL,
  salt bytea NOT NULL,
  password_iterations integer NOT NULL,
  akey text NOT NULL,
  verified_at timestamp,
  enabled boolean NOT NULL DEFAULT true
);
CREATE TABLE ciphers (
  uuid varchar(40) PRIMARY KEY,
  created_at timestamp NOT NULL,
  updated_at timestamp NOT NULL,
  user_uuid varchar(40) REFERENCES users (uuid),
  organization_uuid varchar(40),
  atype integer NOT NULL,
  name text NOT NULL,
  notes text,
  fields text,
  data text NOT NULL,
  deleted_at timestamp,
  reprompt integer,
  key text
);
CREATE INDEX idx_ciphers_user ON ciphers (user_uuid);
INSERT INTO __diesel_schema_migrations (version) VALUES ('20190912100001'), ('20190916150828'), ('20260505120000')
`;
