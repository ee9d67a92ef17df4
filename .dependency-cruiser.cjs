/** Which room may import from which, type imports included, and that no file imports itself by a detour. `npm run lint` runs it. */

/** What each room may import from, besides itself. A room that is not here may import from all of them, and none of them from it. */
const rooms = {
  nomad: [],
  services: ["nomad"],
  environments: ["services", "nomad"],
  connections: ["environments"],
  "terraform-states": ["connections", "environments"],
  constructs: ["services", "nomad"],
  migrator: ["services"],
  survey: ["connections", "environments", "migrator", "nomad", "services", "terraform-states"],
  status: ["connections", "environments", "migrator", "nomad", "services", "survey"],
  check: [
    "connections",
    "constructs",
    "environments",
    "migrator",
    "nomad",
    "services",
    "stacks",
    "status",
    "survey",
  ],
  monitoring: ["environments", "services"],
  report: ["connections", "environments", "migrator", "services", "status", "survey"],
  restoring: ["connections", "environments", "migrator", "services", "survey"],
  adopt: ["connections", "environments", "nomad", "services", "survey"],
  stacks: ["connections", "constructs", "environments", "nomad", "services", "survey", "terraform-states"],
  review: ["environments"],
  delivery: ["connections", "environments", "nomad", "review", "stacks", "terraform-states"],
};

/** The rooms of the migrator, floor by floor: a room may import from the floors below its own. */
const migratorFloors = [
  ["base"],
  ["peer", "sqlite"],
  ["server"],
  ["values", "ledger"],
  ["moves"],
  // A copy of a SQLite file refreshes materialized views as one of a PostgreSQL does.
  ["postgres"],
  ["copy"],
  ["back"],
  ["rollback"],
  ["backups", "monitoring"],
  ["job"],
];

const isBelow = (folders) => `^(${folders.join("|")})/`;

const arrows = Object.entries(rooms).map(([room, allowed]) => ({
  name: `${room}-imports-from-below`,
  comment: `${room}/ may import from ${allowed.length > 0 ? allowed.join(", ") : "no other room"}. The rooms: .dependency-cruiser.cjs`,
  severity: "error",
  from: { path: isBelow([room]) },
  to: { dependencyTypes: ["local"], pathNot: isBelow([room, ...allowed]) },
}));

const floors = migratorFloors.flatMap((floor, index) =>
  floor.map((room) => {
    const below = migratorFloors.slice(0, index).flat();
    return {
      name: `migrator-${room}-imports-from-below`,
      comment: `migrator/${room}/ may import from ${below.map((one) => `migrator/${one}`).join(", ") || "no other room of it"}.`,
      severity: "error",
      from: { path: isBelow([`migrator/${room}`]) },
      to: {
        path: "^migrator/",
        pathNot: isBelow([room, ...below].map((one) => `migrator/${one}`)),
      },
    };
  }),
);

module.exports = {
  forbidden: [
    {
      name: "no-circles",
      comment: "Move what both need to a file of its own, below both.",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    {
      name: "cdktf-in-constructs-and-stacks",
      comment: "Only what synthesizes may load cdktf: it takes half a second.",
      severity: "error",
      from: { pathNot: isBelow(["constructs", "stacks", "__tests__", "bench"]) },
      to: { path: "^node_modules/(cdktf|constructs|@cdktf)/" },
    },
    ...arrows,
    ...floors,
  ],
  options: {
    // Types are imports like any other: whoever reads one file has to read the other.
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^(cdktf\\.out|migrator/image/dist)/" },
  },
};
