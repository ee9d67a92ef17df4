/** Moves that fail by a step of theirs: the schema, the image, a row, the app. */
import Database from "libsql";
import * as path from "node:path";
import { databaseOf } from "../../story/context";
import { handOver, sourceFile } from "../../story/sqlite-source";
import type { SqliteSubject } from "../steps";
import type { Bench } from "../bench";
import { moveFault } from "./move-fault";

const doing = (PGMOOR_LAB_FAULT: string) => ({ environment: { PGMOOR_LAB_FAULT } });

/** In a column of whole numbers, which SQLite does not mind. */
const setType =
  (value: string | number) =>
  async ({ lab }: Bench, { service }: SqliteSubject): Promise<void> => {
    const file = sourceFile(lab, service);
    const database = new Database(file);
    database.pragma("busy_timeout = 5000");
    database
      .prepare(
        "UPDATE ciphers SET atype = ? WHERE rowid = (SELECT rowid FROM ciphers ORDER BY rowid LIMIT 1)",
      )
      .run(value);
    database.close();
    await handOver(path.dirname(file));
  };

export const failingSteps = [
  moveFault({
    name: "schema-step-fails",
    about: "the app's image fails to build its schema",
    change: doing("schema-fails"),
    fails: { task: "migrate", says: /the app's image did not build its schema: exit code 1/ },
    quick: true,
  }),
  moveFault({
    name: "schema-half-made",
    about: "the app's image leaves half a schema and fails",
    change: doing("schema-half-made"),
    fails: { task: "migrate", says: /the app's image did not build its schema: exit code 1/ },
    // As a person has to: only the app knows what it has begun.
    mend: (bench, { service }) =>
      bench.asAdmin(databaseOf(service), (client) => client.query("DROP TABLE users")),
  }),
  moveFault({
    name: "schema-step-hangs",
    about: "the app's image never finishes its schema: the deadline of the move passes",
    change: doing("schema-hangs"),
    fails: { task: "migrate", says: /did not become healthy within the deadline while it built its schema/ },
  }),
  moveFault({
    name: "image-missing",
    about: "the app's image cannot be had",
    change: { imageMissing: true },
    fails: { task: "migrate", says: /the app's image did not build its schema: exit code 127/ },
    quick: true,
  }),
  moveFault({
    name: "row-refused",
    about: "a row of the source does not fit",
    spoil: setType("not a number"),
    fails: { task: "migrate", says: /nothing changed[^]*atype/ },
    mend: setType(1),
    quick: true,
  }),
  moveFault({
    name: "app-crashes-on-server",
    about: "the app crashes at its start on the server: the deadline of confirm passes",
    change: doing("crashes-on-postgresql"),
    fails: { task: "confirm", says: /the app does not answer 2xx/ },
  }),
  moveFault({
    name: "health-never-passes",
    about: "the app starts on the server and never gets healthy",
    change: doing("broken-on-postgresql"),
    fails: { task: "confirm", says: /the app does not answer 2xx/ },
  }),
  moveFault({
    name: "app-ignores-server",
    about: "the app says that it is well, and does not use the server (as Uptime-Kuma does)",
    change: doing("ignores-server"),
    fails: { task: "confirm", says: /./ },
  }),
];
