/** `npm run lab -- server`: a PostgreSQL that runs with five services on it is adopted by pgmoor, and encrypted. */
import { serveStandIns } from "../ground";
import { LabError } from "../lab-error";
import type { ServedProviders } from "../providers/serve";
import type { BootedLab } from "../servers/boot";
import { removeLab } from "../servers/stop";
import { messageOf } from "../servers/wait";
import { NomadApi } from "../story/nomad-api";
import { refuse, takeOver, watch } from "./adoption";
import { encrypt } from "./encryption";
import { giveVectors } from "./vectors";
import { bootGround, layGround } from "./ground";

/** The last line of stdout is JSON; everything else goes to stderr. */
export async function runServer(directory: string, keep: boolean): Promise<void> {
  const begun = performance.now();
  const seconds = () => Number(((performance.now() - begun) / 1000).toFixed(1));
  const say = (line: string) => console.error(line.replace(/^/gm, `${seconds().toFixed(0).padStart(4)} s  `));
  let booted: BootedLab | undefined;
  let providers: ServedProviders | undefined;
  try {
    booted = await bootGround(directory, say);
    providers = await serveStandIns(booted.lab, say);
    const ground = await layGround(booted, providers, say);
    await watch(ground);
    await refuse(ground);
    const taken = await takeOver(ground);
    await giveVectors(ground);
    const encrypted = await encrypt(ground);
    await providers?.stop();
    if (keep) booted.release();
    else {
      await booted.stop();
      await removeLab(directory);
    }
    console.log(
      JSON.stringify({
        services: ground.services.length,
        ...taken,
        ...encrypted,
        providers: providers === undefined ? "real" : "stand-in",
        seconds: seconds(),
      }),
    );
  } catch (error) {
    const failures = booted && (await new NomadApi(booted.lab).failures().catch(() => ""));
    if (failures) console.error(failures);
    await providers?.stop();
    if (keep) booted?.release();
    else await booted?.stop();
    throw new LabError(`${messageOf(error)}\nThe files and logs are in ${directory}.`, { cause: error });
  }
}
