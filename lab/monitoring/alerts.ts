/** Makes every alert fire by a real fault, and stop after its cure. */
import { waitFor } from "../servers/wait";
import { expectThat } from "../story/expectations";
import { alone, together, type Fault } from "./faults";
import type { WatchedGround } from "./ground";

export interface AlertsTold {
  /** How many alerts the rules have. */
  alerts: number;
  fired: number;
  stopped: number;
}

/** Ten minutes of a transaction, the longest `for`, and a slow machine. */
const deadlineSeconds = 1200;

export async function fireAll(ground: WatchedGround, told: AlertsTold): Promise<void> {
  const { prometheus, say } = ground;
  const rules = await prometheus.rules();
  told.alerts = rules.length;
  const struck = [...together, ...alone].map(({ alert }) => alert);
  expectThat(
    JSON.stringify([...struck].sort()) === JSON.stringify([...rules].sort()),
    "there should be a fault for each alert",
    `rules: ${rules.join(", ")}\nfaults: ${struck.join(", ")}`,
  );
  await quiet(ground);
  say(`${rules.length} rules, and none of them fires`);
  for (const fault of together) await strike(ground, fault);
  for (const fault of together) await fires(ground, fault, told);
  for (const fault of together) await cure(ground, fault);
  for (const fault of together) await stops(ground, fault, told);
  for (const fault of alone) {
    await strike(ground, fault);
    await fires(ground, fault, told);
    await cure(ground, fault);
    await stops(ground, fault, told);
  }
}

/** Nothing fires while nothing is wrong. */
async function quiet({ prometheus }: WatchedGround): Promise<void> {
  await waitFor({ what: "no alert fires", deadlineSeconds: 180, everyMs: 1000 }, async () => {
    const firing = (await prometheus.alerts()).filter(({ state }) => state === "firing");
    if (firing.length > 0) throw new Error(firing.map(({ labels }) => labels.alertname).join(", "));
    return true;
  });
}

async function strike(ground: WatchedGround, { alert, strike }: Fault): Promise<void> {
  await strike(ground);
  ground.say(`${alert}: struck`);
}

async function cure(ground: WatchedGround, { alert, cure }: Fault): Promise<void> {
  await cure(ground);
  ground.say(`${alert}: cured`);
}

async function fires(ground: WatchedGround, fault: Fault, told: AlertsTold): Promise<void> {
  await waitFor({ what: `${fault.alert} fires`, deadlineSeconds, everyMs: 1000 }, () =>
    isFiring(ground, fault),
  );
  told.fired++;
  ground.say(`${fault.alert}: fires`);
}

async function stops(ground: WatchedGround, fault: Fault, told: AlertsTold): Promise<void> {
  await waitFor(
    { what: `${fault.alert} stops`, deadlineSeconds, everyMs: 1000 },
    async () => !(await isFiring(ground, fault)),
  );
  told.stopped++;
  ground.say(`${fault.alert}: has stopped`);
}

async function isFiring({ prometheus }: WatchedGround, { alert, labels = {} }: Fault): Promise<boolean> {
  return (await prometheus.alerts()).some(
    (one) =>
      one.state === "firing" &&
      one.labels.alertname === alert &&
      Object.entries(labels).every(([name, value]) => one.labels[name] === value),
  );
}
