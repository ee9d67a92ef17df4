/** What `--help` says of options that several commands have. */

export const sourceHelp =
  "the SQLite file (never modified; pgmoor opens a copy), or postgresql://USER@HOST:PORT/DATABASE of a running PostgreSQL " +
  "whose app is stopped, without a password";

export const urlHelp = "postgresql://USER@HOST:PORT/DATABASE without a password";

export const rulesHelp =
  "JSON file with `rules` and `migrationTables`, as in a definition's source. Default: no rules, and the migration tables of well-known tools";

export const commonHelp = `
The target's password comes from PGPASSWORD or ~/.pgpass, the password of a source's server from PGMOOR_SOURCE_PASSWORD or ~/.pgpass.
For a SQLite file, the app must have built its schema in the target, or does so by --schema.

Exit code:
  0  done and verified
  1  failed; nothing changed unless the message says so; a retry may succeed
  2  refused; nothing changed; a person must correct or decide something`;
