import { homelab } from "../../environments/homelab";
import type { Environment, EnvironmentService } from "../../environments/model/environment";
import { review } from "../../review/review";
import { planSchema, stackSchema } from "../../review/terraform-plan";
import { gitea } from "../../services/gitea";
import { vaultwarden } from "../../services/vaultwarden";
import type { BackupsSeen } from "../../survey/backups";
import { survey } from "../../survey/survey";
import { Stage } from "../review/stage";
import { backupStop, moves, newestBackupText } from "../../survey/newest-backup";

jest.setTimeout(120_000);

const now = new Date("2026-11-25T12:00:00Z");
const service: EnvironmentService = {
  definition: vaultwarden,
  phase: "cutover",
  existing: ["job"],
  cutoverNeeds: "backup-of-today",
};

function environment(timeZone?: string): Environment {
  const backups = { repository: { in: "volume", volume: "backups" }, volume: "wal" } as const;
  return { ...homelab, backups: timeZone === undefined ? backups : { ...backups, timeZone } };
}

/** The newest backup was made then; another database has an older one. */
function seen(made: string, proved: string | null = null): BackupsSeen {
  const backup = (id: string, at: string) => ({
    id,
    made: new Date(at),
    proved: proved === null ? null : new Date(proved),
  });
  return {
    databases: new Map([
      ["gone", backup("older", "2026-10-01T03:00:00Z")],
      ["gitea", backup("newest", made)],
    ]),
    failures: [],
    wal: null,
  };
}

const stop = (made: string, timeZone?: string) => backupStop(environment(timeZone), service, seen(made), now);

test("a backup of today lets a cutover begin, one of yesterday does not", () => {
  expect(stop("2026-11-25T00:00:00Z")).toBeUndefined();
  expect(stop("2026-11-24T23:59:59Z")).toBe(
    "The cutover of vaultwarden needs a backup of today (cutoverNeeds), 2026-11-25 in UTC. The newest backup of the server is newest, made at 2026-11-24T23:59:59.000Z (12 hours ago); none was restored for a test yet. Run nomad job periodic force -namespace default pgmoor-backup, wait for its end, then deploy again.",
  );
});

test("today is that of the backups' time zone", () => {
  expect(stop("2026-11-24T23:30:00Z", "Europe/Berlin")).toBeUndefined();
  expect(stop("2026-11-25T04:30:00Z", "America/New_York")).toContain("2026-11-25 in America/New_York");
});

test("no backup, and nobody who could look, stop it, too", () => {
  const none = { databases: new Map(), failures: [], wal: null };
  expect(backupStop(environment(), service, none, now)).toContain("The server has no backup.");
  expect(backupStop(environment(), service, "has no known admin", now)).toContain(
    "PostgreSQL has no known admin",
  );
});

test("who demands none is never stopped", () => {
  const { cutoverNeeds: _, ...other } = service;
  expect(backupStop(environment(), other, "has no known admin", now)).toBeUndefined();
});

test("the newest backup in words", () => {
  expect(newestBackupText(seen("2026-11-25T03:00:00Z", "2026-11-25T05:00:00Z"), now)).toBe(
    "The newest backup of the server is newest, made at 2026-11-25T03:00:00.000Z (9 hours ago); one was last restored for a test at 2026-11-25T05:00:00.000Z.",
  );
});

test("a deploy moves a service in cutover that runs on its source", () => {
  expect(moves(service, { onServer: false })).toBe(true);
  expect(moves(service, { onServer: true })).toBe(false);
  expect(moves({ ...service, phase: "prepared" }, { onServer: false })).toBe(false);
  expect(moves({ definition: gitea, phase: "cutover" }, { onServer: false })).toBe(false);
});

test("a plan and the review say it before a move, and a move that demands one is refused", async () => {
  const stage = await Stage.open();
  try {
    const definition = {
      ...vaultwarden,
      database: { ...vaultwarden.database, name: `nb${process.pid}_vault` },
    };
    await stage.apply({ definition, phase: "prepared" });
    const { backups } = environment();
    const look = (moving: EnvironmentService) =>
      survey(
        { ...stage.environment(moving), ...(backups === undefined ? {} : { backups }) },
        stage.vault.env,
      );

    const demands = { ...service, definition };
    await stage.write(demands, undefined, await look(demands));
    const { code, text } = await stage.run("apply", "-auto-approve", "-input=false");
    expect(code).toBe(1);
    expect(text.replace(/[\s│]+/g, " ")).toContain("The cutover of vaultwarden needs a backup of today");

    const { cutoverNeeds: _, ...other } = demands;
    await stage.write(other, undefined, await look(other));
    const { plan, stack } = await stage.planned();
    const { notes } = review([
      {
        service: "vaultwarden",
        plan: planSchema.parse(JSON.parse(plan)),
        resources: stackSchema.parse(JSON.parse(stack)).resource,
      },
    ]);
    expect(notes).toEqual(["Before the move of vaultwarden: The server has no backup."]);
  } finally {
    await stage.close();
  }
});
