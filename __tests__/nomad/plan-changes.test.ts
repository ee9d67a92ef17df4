import { readFileSync } from "node:fs";
import { join } from "node:path";
import { planChanges, type ObjectDiff } from "../../nomad/plan-changes";
import { gitea } from "../../services/gitea";
import { tell } from "../../services/job-changes";

/** What Nomad 1.11.2 said of `adopt/jobs/forge.hcl` and the job of the catalogue's Gitea under its name. */
const diff = JSON.parse(readFileSync(join(__dirname, "forge-by-fields.json"), "utf8")) as ObjectDiff;

test("a job that the catalogue's definition would replace: what is lost, and what changes, in words", () => {
  const { changes, loses } = tell({ ...gitea, name: "forge" }, planChanges(diff));
  expect(loses).toEqual([
    "group forge, Network, Static Port db",
    "group forge, Volume forge_data",
    "group forge, Volume forge_postgres",
    "group forge, task gitea",
    "group forge, task postgres",
    "group runner",
  ]);
  expect(changes).toContain('group forge, Network, Static Port http, Value, from "3001" to "3002"');
});

const edited = (fields: readonly object[], objects: readonly object[] = []): ObjectDiff =>
  ({
    Type: "Edited",
    TaskGroups: [
      {
        Type: "Edited",
        Name: "forge",
        Tasks: [{ Type: "Edited", Name: "forge", Fields: fields, Objects: objects }],
      },
    ],
  }) as unknown as ObjectDiff;
const template = (Type: "Added" | "Deleted", path: string, text: string) => {
  const [Old, New] = Type === "Added" ? ["", text] : [text, ""];
  return {
    Type,
    Name: "Template",
    Fields: [
      { Type, Name: "DestPath", Old: Type === "Added" ? "" : path, New: Type === "Added" ? path : "" },
      { Type, Name: "EmbeddedTmpl", Old, New },
    ],
  };
};
const told = (diff: ObjectDiff) => tell({ ...gitea, name: "forge" }, planChanges(diff));

test("what the database needs is no loss: its variables, and env files of nothing else", () => {
  const variable = { Type: "Deleted", Name: "Env[GITEA__database__HOST]", Old: "db:5432" };
  const files = [
    template("Deleted", "secrets/db.env", "GITEA__database__PASSWD={{ .x }}\n"),
    template("Added", "secrets/database.env", "GITEA__database__PASSWD=…"),
  ];
  expect(told(edited([variable], files))).toEqual({ changes: [], loses: [] });
});

test("a file that Nomad takes for another is two files", () => {
  const renamed = {
    Type: "Edited",
    Name: "Template",
    Fields: [
      { Type: "Edited", Name: "DestPath", Old: "local/app.conf", New: "secrets/database.env" },
      { Type: "Edited", Name: "EmbeddedTmpl", Old: "port = 1", New: "GITEA__database__PASSWD=…" },
    ],
  };
  expect(told(edited([], [renamed]))).toEqual({
    changes: [],
    loses: ["group forge, task forge, Template local/app.conf"],
  });
});

test("other variables, files and lines are, and no value is shown", () => {
  const secret = { Type: "Deleted", Name: "Env[TOKEN]", Old: "hunter2" };
  const files = [
    template("Deleted", "local/app.conf", "password = hunter2"),
    template("Deleted", "secrets/app.env", "A=hunter2\nGITEA__database__PASSWD=x\n"),
    template("Added", "secrets/app.env", "B=hunter2\n"),
  ];
  const { changes, loses } = told(edited([secret], files));
  expect(loses).toEqual([
    "group forge, task forge, Env[TOKEN]",
    "group forge, task forge, Template local/app.conf",
  ]);
  expect(changes).toEqual(["group forge, task forge, Template secrets/app.env, EmbeddedTmpl"]);
  expect(JSON.stringify([changes, loses])).not.toMatch(/hunter2/);
});
