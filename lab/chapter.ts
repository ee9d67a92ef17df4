/** A chapter in a lab of its own, whose last line of stdout is JSON; everything else goes to stderr. */
import { serveStandIns } from "./ground";
import { LabError } from "./lab-error";
import type { ServedProviders } from "./providers/serve";
import type { BootedLab } from "./servers/boot";
import { removeLab } from "./servers/stop";
import { messageOf } from "./servers/wait";
import { NomadApi } from "./story/nomad-api";

type Say = (line: string) => void;

export interface Chapter {
  readonly boot: (directory: string, say: Say) => Promise<BootedLab>;
  /** @returns what the last line says */
  readonly tell: (booted: BootedLab, providers: ServedProviders | undefined, say: Say) => Promise<object>;
  /** Ends what the chapter has begun, when it fails. @default nothing */
  readonly abandon?: () => void | Promise<void>;
}

/** @throws {LabError} in which the lab's folder is named */
export async function runChapter(
  directory: string,
  keep: boolean,
  { boot, tell, abandon }: Chapter,
): Promise<void> {
  const begun = performance.now();
  const seconds = () => Number(((performance.now() - begun) / 1000).toFixed(1));
  const say = (line: string) => console.error(line.replace(/^/gm, `${seconds().toFixed(0).padStart(4)} s  `));
  let booted: BootedLab | undefined;
  let providers: ServedProviders | undefined;
  try {
    booted = await boot(directory, say);
    providers = await serveStandIns(booted.lab, say);
    const told = await tell(booted, providers, say);
    await providers?.stop();
    if (keep) booted.release();
    else {
      await booted.stop();
      await removeLab(directory);
    }
    console.log(
      JSON.stringify({
        ...told,
        providers: providers === undefined ? "real" : "stand-in",
        seconds: seconds(),
      }),
    );
  } catch (error) {
    await abandon?.();
    const failures = booted && (await new NomadApi(booted.lab).failures().catch(() => ""));
    if (failures) console.error(failures);
    await providers?.stop();
    if (keep) booted?.release();
    else await booted?.stop();
    throw new LabError(`${messageOf(error)}\nThe files and logs are in ${directory}.`, { cause: error });
  }
}
