/** `npm run lab -- server`: a PostgreSQL that runs with five services on it is adopted by pgmoor, and encrypted. */
import { runChapter } from "../chapter";
import { refuse, takeOver, watch } from "./adoption";
import { encrypt } from "./encryption";
import { bootGround, layGround } from "./ground";
import { giveVectors } from "./vectors";

export function runServer(directory: string, keep: boolean): Promise<void> {
  return runChapter(directory, keep, {
    boot: bootGround,
    async tell(booted, providers, say) {
      const ground = await layGround(booted, providers, say);
      await watch(ground);
      await refuse(ground);
      const taken = await takeOver(ground);
      await giveVectors(ground);
      const encrypted = await encrypt(ground);
      return { services: ground.services.length, ...taken, ...encrypted };
    },
  });
}
