/** A password that is older than the environment allows: the plan warns and still applies, and the review says so. */
import type { EnvironmentService } from "../../environments/model/environment";
import { homelab } from "../../environments/homelab";
import { review } from "../../review/review";
import { planSchema, stackSchema } from "../../review/terraform-plan";
import { freshrss } from "../../services/freshrss";
import { vaultwarden } from "../../services/vaultwarden";
import type { Known } from "../../survey/known";
import { oldPassword } from "../../survey/password-age";
import { survey } from "../../survey/survey";
import { Stage } from "../review/stage";

const now = new Date("2026-11-25T12:00:00Z");
const daysAgo = (days: number) => new Date(now.getTime() - days * 86_400_000);
const environment = { ...homelab, passwordMaxAgeDays: 90 };
const none: Known = { tainted: [] };

function warning(days: number, service: Partial<EnvironmentService> = {}, known = none): string | undefined {
  const whole: EnvironmentService = { definition: vaultwarden, phase: "prepared", ...service };
  return oldPassword(environment, whole, known, daysAgo(days), now);
}

test("older than the environment allows, in whole days", () => {
  expect(warning(90.9)).toBeUndefined();
  expect(warning(91)).toBe(
    "The password of vaultwarden is 91 days old, and the environment allows 90 (passwordMaxAgeDays). Write passwordVersion: 2, and deploy (docs/rotate-a-password.md).",
  );
  expect(warning(91, { definition: freshrss })).toContain("pgmoor cannot rotate it: ");
});

test("nothing is said where it has no limit, where nobody could look, and of a rotation itself", () => {
  const service = { definition: vaultwarden, phase: "prepared" } as const;
  expect(oldPassword(homelab, service, none, daysAgo(9999), now)).toBeUndefined();
  expect(oldPassword(environment, service, none, undefined, now)).toBeUndefined();
  expect(warning(91, { passwordVersion: 2 })).toBeUndefined();
  const rotated = { ...none, secret: { name: "postgres/vaultwarden", version: 2 } };
  expect(warning(91, { passwordVersion: 2 }, rotated)).toContain("Write passwordVersion: 3");
});

test("a plan warns of it and applies, the review names the service, and the rotation ends it", async () => {
  const stage = await Stage.open();
  try {
    const name = `pa${process.pid}_vault`;
    const definition = { ...vaultwarden, database: { ...vaultwarden.database, name } };
    const service = { definition, phase: "prepared" } as const;
    await stage.apply(service);
    stage.vault.secrets.get(`postgres/${name}`)!.at(-1)!.created = "2020-01-01T00:00:00Z";

    const look = (change: Partial<EnvironmentService>) =>
      survey({ ...stage.environment({ ...service, ...change }), passwordMaxAgeDays: 90 }, stage.vault.env);
    await stage.write(service, undefined, await look({}));
    const { plan, stack } = await stage.planned();
    const { notes, verdict } = review([
      {
        service: "vaultwarden",
        plan: planSchema.parse(JSON.parse(plan)),
        resources: stackSchema.parse(JSON.parse(stack)).resource,
      },
    ]);
    expect(notes).toEqual([
      "The password of vaultwarden is older than the environment allows (passwordMaxAgeDays): rotate by one more passwordVersion.",
    ]);
    expect(verdict).toBe("pass");
    const { code, text } = await stage.run("apply", "-auto-approve", "-input=false");
    expect(code).toBe(0);
    expect(text.replace(/[\s│]+/g, " ")).toMatch(/The password of vaultwarden is \d+ days old/);

    await stage.write({ ...service, passwordVersion: 2 }, undefined, await look({ passwordVersion: 2 }));
    await stage.terraform("apply", "-auto-approve", "-input=false");
    expect((await look({ passwordVersion: 2 })).oldPasswords.size).toBe(0);
  } finally {
    await stage.close();
  }
});
