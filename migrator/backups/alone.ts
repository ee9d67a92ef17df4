/** Work that no two processes may do at the same time. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { Refused } from "../base/errors";

/**
 * `work` while nobody else holds the file's lock. The lock ends with this process, also when that is killed.
 * @param file made where there is none
 * @param busy the message for when somebody else holds it
 * @throws Refused at once in that case
 */
export async function alone<T>(file: string, busy: string, work: () => Promise<T>): Promise<T> {
  // `cat` ends when our end of its input is closed.
  const args = ["--no-fork", "--exclusive", "--nonblock", file, "sh", "-c", "echo locked; exec cat"];
  const holder = spawn("flock", args, { stdio: ["pipe", "pipe", "ignore"] });
  const ended = once(holder, "close");
  try {
    const held = await Promise.race([once(holder.stdout, "data").then(() => true), ended.then(() => false)]);
    if (!held) throw new Refused(busy);
    return await work();
  } finally {
    holder.stdin.end();
    await ended;
  }
}
