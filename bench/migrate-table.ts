import Libsql from "libsql";

/** What the app builds in PostgreSQL: nine columns, one index, one foreign key. Run twice, it changes nothing. */
export const schema = `
  CREATE TABLE IF NOT EXISTS monitor (id integer PRIMARY KEY, name varchar(150) NOT NULL);
  CREATE TABLE IF NOT EXISTS heartbeat (
    id integer PRIMARY KEY,
    important boolean NOT NULL,
    monitor_id integer NOT NULL REFERENCES monitor,
    status smallint NOT NULL,
    msg text,
    time timestamp NOT NULL,
    ping integer,
    duration integer NOT NULL,
    down_count integer NOT NULL
  );
  CREATE INDEX IF NOT EXISTS heartbeat_monitor ON heartbeat (monitor_id);`;

/** Number of monitors. */
export const monitors = 50;

/** Writes the app's SQLite file, with so many heartbeats. The same every time. */
export function writeSource(file: string, heartbeats: number): void {
  const database = new Libsql(file);
  database.exec(`
    PRAGMA journal_mode = OFF;
    PRAGMA synchronous = OFF;
    CREATE TABLE monitor (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
    CREATE TABLE heartbeat (
      id INTEGER PRIMARY KEY,
      important BOOLEAN NOT NULL,
      monitor_id INTEGER NOT NULL REFERENCES monitor,
      status SMALLINT NOT NULL,
      msg TEXT,
      time DATETIME NOT NULL,
      ping INTEGER,
      duration INTEGER NOT NULL,
      down_count INTEGER NOT NULL
    );
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${monitors})
    INSERT INTO monitor SELECT i, 'Monitor ' || i FROM n;
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${heartbeats})
    INSERT INTO heartbeat
    SELECT i, i % 97 = 0, 1 + i % ${monitors}, i % 50 <> 0, iif(i % 20 = 0, NULL, '200 – OK, answer ' || i * 7919 % 1000003),
           datetime(1500000000 + i * 20, 'unixepoch') || printf('.%03d', i * 31 % 1000), iif(i % 50 = 0, NULL, i * 7919 % 1000),
           20, iif(i % 50 = 0, 1, 0)
    FROM n;
    CREATE INDEX heartbeat_monitor ON heartbeat (monitor_id);`);
  database.close();
}
