/** `pgmoor check` on the real servers: nothing on a sound environment, and everything that somebody then spoils, all at once. */
import type { CheckReport } from "../../check/report";
import type { LabService } from "../deployment";
import type { Stage } from "./context";
import { differences, everything } from "./everything";
import { expectThat, tail } from "./expectations";
import { plants } from "./plants";

/** Services are on their sources. */
export async function checkAndSpoil(stage: Stage, newcomer: LabService): Promise<void> {
  const { moving, spoilt, unwell, say, lab } = stage;
  const found = await check(stage);
  expectThat(
    found.succeeded && found.report.problems.length + found.report.notChecked.length === 0,
    "`pgmoor check` should find nothing on a sound environment",
    JSON.stringify(found.report, undefined, 2),
  );
  const all = plants({ first: moving[0]!, second: moving[1]!, third: spoilt, fourth: unwell, newcomer });
  const mend: (() => Promise<unknown>)[] = [];
  for (const { spoil } of all) mend.push(await spoil(stage));
  const before = await everything(lab);
  const spoiltReport = await check(stage);
  const changed = differences(before, await everything(lab));
  for (const one of mend.toReversed()) await one();
  expectThat(changed.length === 0, "`pgmoor check` should have changed nothing", changed.join("\n"));
  const told = spoiltReport.report.problems.map(({ service, probe, what }) => `${service} ${probe}: ${what}`);
  const missed = all.filter(({ says }) => !told.some((line) => says.test(line)));
  const surplus = told.filter((line) => !all.some(({ says }) => says.test(line)));
  expectThat(
    missed.length + surplus.length === 0 && !spoiltReport.succeeded,
    `\`pgmoor check\` should find the ${all.length} planted problems and no others`,
    [
      ...missed.map(({ says }) => `missed: ${says.source}`),
      ...surplus.map((line) => `surplus: ${line}`),
    ].join("\n"),
  );
  const healed = await check(stage);
  expectThat(healed.succeeded, "`pgmoor check` should find nothing once all is corrected", healed.text);
  say(
    `check: nothing at first; then all ${told.length} planted problems at once, nothing changed; nothing once they were corrected`,
  );
}

export async function check({ deployment }: Stage, ...args: string[]) {
  const outcome = await deployment.pgmoor("check", ["--json", ...args], {});
  const line = outcome.output
    .trim()
    .split("\n")
    .find((one) => one.startsWith('{"pgmoor":"check"'));
  expectThat(line !== undefined, "`pgmoor check --json` should print JSON", tail(outcome));
  return { succeeded: outcome.succeeded, report: JSON.parse(line) as CheckReport, text: line };
}
