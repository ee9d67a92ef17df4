import { choose, chooseNewest } from "../../../migrator/backups/choose";
import { tagsOf } from "../../../migrator/backups/kept";
import type { Manifest } from "../../../migrator/backups/manifest";
import type { Repository, Snapshot } from "../../../migrator/backups/repository";

interface Given {
  readonly id: string;
  readonly reachableFrom: string;
  /** The first WAL file that it needs. */
  readonly start?: string;
  /** System identifier of its server. */
  readonly system?: number;
  /** Of each database. */
  readonly rows?: Readonly<Record<string, number>>;
}

const walOf = ({ system = 7, start = "000000010000000000000003" }: Given) => ({
  folder: `${system}-1`,
  start,
});

/** Has pgmoor's records in `postgres`, too, of which there is one more with every backup. */
function manifestOf(given: Given): Manifest {
  const { id, reachableFrom, rows = {} } = given;
  const table = (count: number) => ({ rows: count, checksum: "0" });
  const database = (name: string, tables: Record<string, number>) => ({
    name,
    owner: name,
    encoding: "UTF8",
    collate: "C",
    ctype: "C",
    settings: [],
    extensions: {},
    tables: Object.fromEntries(Object.entries(tables).map(([key, count]) => [key, table(count)])),
    sequences: {},
    file: `dumps/${name}.dump`,
  });
  return {
    pgmoor: "backup",
    id,
    server: "16.14",
    started: reachableFrom,
    reachableFrom,
    wal: walOf(given),
    databases: [
      ...Object.entries(rows).map(([name, count]) =>
        database(name, { "public.t": count, "pgmoor.ledger": 900 }),
      ),
      database("postgres", { "pgmoor.backups": given.system === undefined ? 500 : 1 }),
    ],
  };
}

function repository(all: readonly Given[]): Repository {
  const snapshots = all.map((given): Snapshot => ({
    id: given.id,
    time: new Date(given.reachableFrom),
    tags: tagsOf({ ...given, wal: walOf(given) }),
  }));
  return {
    place: "/repository",
    list: () => Promise.resolve(snapshots),
    read: (id: string) => Promise.resolve(JSON.stringify(manifestOf(all.find((one) => one.id === id)!))),
  } as unknown as Repository;
}

const monday: Given = { id: "monday", reachableFrom: "2026-11-23T03:01:00.000Z", rows: { gitea: 1000 } };
const tuesday: Given = { id: "tuesday", reachableFrom: "2026-11-24T03:01:00.000Z", rows: { gitea: 1000 } };

const chosen = async (wanted: Parameters<typeof choose>[1], all = [monday, tuesday]) =>
  (await choose({ repository: repository(all) }, wanted)).marks.id;

test("the newest; the newest that reaches a second; one by its id", async () => {
  expect(await chosen({})).toBe("tuesday");
  expect(await chosen({ at: "2026-11-24T03:00:30.000Z" })).toBe("monday");
  expect(await chosen({ at: "2026-11-24T03:01:00.000Z" })).toBe("tuesday");
  expect(await chosen({ backup: "monday" })).toBe("monday");
});

test("none that fits: the message says what there is", async () => {
  await expect(chosen({ at: "2026-11-20T00:00:00.000Z" })).rejects.toThrow(
    "no backup reaches 2026-11-20T00:00:00.000Z. The oldest one reaches back to 2026-11-23T03:01:00.000Z",
  );
  await expect(chosen({ backup: "sunday" })).rejects.toThrow("there is no backup sunday");
  await expect(chosen({}, [])).rejects.toThrow("there is no backup in /repository");
});

test("the newest by its WAL, whatever a clock said", async () => {
  const ahead: Given = { ...monday, id: "an hour ahead", reachableFrom: "2026-11-24T04:01:00.000Z" };
  const later: Given = { ...tuesday, start: "000000010000000000000004" };
  expect(await chosen({}, [later, ahead])).toBe("tuesday");
  const restored: Given = { ...monday, id: "restored", start: "000000020000000000000002" };
  expect(await chosen({}, [restored, later, ahead])).toBe("restored");
});

describe("a new server was backed up before the one that was lost is restored", () => {
  const anew = (rows: Given["rows"] = {}): Given[] => [
    monday,
    tuesday,
    { id: "anew", reachableFrom: "2026-11-25T03:01:00.000Z", system: 8, rows },
  ];

  test("an empty one is not taken by itself, and both are named", async () => {
    await expect(chosen({}, anew())).rejects.toThrow(
      "the newest one, anew, lacks what tuesday, the newest of the other server, has: gitea (1000 rows, and not there in the newest)",
    );
    await expect(chosen({}, anew({ gitea: 0 }))).rejects.toThrow("--backup tuesday, or --backup anew");
    // As the app leaves it that started on the empty database.
    await expect(chosen({}, anew({ gitea: 12 }))).rejects.toThrow("gitea (1000 rows, and 12 in the newest)");
    await expect(chosen({ database: "gitea" }, anew())).rejects.toThrow("gitea");
    await expect(chosen({ at: "2026-11-25T04:00:00.000Z" }, anew())).rejects.toThrow("gitea");
  });

  test("what is said is done", async () => {
    expect(await chosen({ backup: "tuesday" }, anew())).toBe("tuesday");
    expect(await chosen({ backup: "anew" }, anew())).toBe("anew");
    expect(await chosen({ at: "2026-11-24T12:00:00.000Z" }, anew())).toBe("tuesday");
  });

  test("a server that has all of the other's rows has taken its place: a dump was loaded into it", async () => {
    expect(await chosen({}, anew({ gitea: 990 }))).toBe("anew");
  });

  test("a database that the other server never had is not in doubt", async () => {
    expect(await chosen({ database: "grafana" }, anew({ grafana: 5 }))).toBe("anew");
  });

  test("once the lost one is restored, its backups are the newest again", async () => {
    const restored: Given = {
      id: "restored",
      reachableFrom: "2026-11-26T03:01:00.000Z",
      rows: { gitea: 1000 },
    };
    expect(await chosen({}, [...anew(), restored])).toBe("restored");
  });

  test("the restore test takes the newest one", async () => {
    expect((await chooseNewest({ repository: repository(anew()) })).marks.id).toBe("anew");
  });
});
