import { plainJob, type Json } from "../../adopt/plain-job";
import { answered, jobNames } from "./jobs";

/** Every value of a job, with the names on the way to it: lists count for their members. */
function leaves(value: unknown, path: readonly string[] = []): string[] {
  if (Array.isArray(value)) return value.flatMap((one) => leaves(one, path));
  if (typeof value === "object" && value !== null && Object.keys(value).length > 0)
    return Object.entries(value).flatMap(([key, one]) => leaves(one, [...path, key]));
  return [`${path.slice(-2).join(".")}=${JSON.stringify(value)}`];
}

test("what is left out of the jobs is nothing but what Nomad adds or fills in", () => {
  const dropped = jobNames.flatMap((name) => {
    const [whole, plain] = [leaves(answered(name)), leaves(plainJob(answered(name)))];
    for (const leaf of plain) whole.splice(whole.indexOf(leaf), 1);
    return whole;
  });
  const telling = dropped.filter((leaf) => !/=(null|""|\[\]|\{\})$/.test(leaf));
  expect([...new Set(telling)].sort()).toMatchSnapshot();
});

test("what Nomad would not fill in stays: empty variables, a count, durations, a driver's options", () => {
  const [group] = plainJob(answered("bookmarks")).TaskGroups;
  const [task] = group!.Tasks;
  expect(task!.Env).toMatchObject({ LD_EMPTY: "" });
  expect(task!.KillTimeout).toBe(20e9);
  expect(task!.Resources).toEqual({ CPU: 200, MemoryMB: 128, MemoryMaxMB: 256 });
  expect(task!.Config).toMatchObject({ cap_drop: ["NET_RAW"], dns_servers: ["10.1.0.2", "1.1.1.1"] });
  expect(group!.RestartPolicy).toMatchObject({ Attempts: 5, Mode: "delay" });
  expect(plainJob(answered("reader")).TaskGroups[0]!.Count).toBe(2);
});

test("constraints and identities of a person's own stay beside Nomad's", () => {
  const found = answered("forge") as {
    TaskGroups: { Constraints: Json[]; Tasks: { Identities: Json[] }[] }[];
  };
  const own = { LTarget: "${attr.vault.version}", Operand: ">=", RTarget: "1.15" };
  found.TaskGroups[0]!.Constraints.push(own);
  const identity = { Name: "aws", Audience: ["aws"], File: true };
  found.TaskGroups[0]!.Tasks[1]!.Identities.push(identity);
  const [group] = plainJob(found).TaskGroups;
  expect(group!.Constraints).toEqual([own]);
  expect(group!.Tasks[1]!.Identities).toEqual([identity]);
});
