/** `pgmoor check --rehearse` beside services that run on their sources: what fits, what does not, and nothing left behind. */
import { check } from "./checking";
import type { Stage } from "./context";
import { differences, everything } from "./everything";
import { expectThat } from "./expectations";
import { badValue, spoilRow } from "./failing";
import { ask } from "./services";

export async function rehearse(stage: Stage): Promise<void> {
  const { moving, spoilt, unwell, lab, say } = stage;
  await spoilRow(stage, badValue);
  const before = await everything(lab);
  const { succeeded, report } = await check(stage, "--rehearse");
  const changed = differences(before, await everything(lab));
  await spoilRow(stage, 1);
  expectThat(changed.length === 0, "a rehearsal should leave nothing behind", changed.join("\n"));
  const problems = report.problems.map(({ service, probe, what }) => `${service} ${probe}: ${what}`);
  expectThat(
    !succeeded &&
      problems.length === 1 &&
      problems[0]!.startsWith(`${spoilt.name} rehearsal: the move would fail:`) &&
      problems[0]!.includes("atype") &&
      !problems[0]!.includes(badValue),
    "the rehearsal should find the row that does not fit, and no other problem",
    problems.join("\n"),
  );
  for (const service of [...moving, spoilt, unwell]) {
    const { from, items } = await ask(service);
    expectThat(from === "source", `${service.name} should not have moved`);
    const notes = report.notes.filter((note) => note.service === service.name && note.probe === "rehearsal");
    expectThat(notes.length > 0, `the rehearsal should tell of ${service.name}`);
    if (service === spoilt) continue;
    for (const { what } of notes) say(`${service.name} (${items} items): ${what}`);
  }
  say(problems[0]!);
}
