/** Readers in Python: they share no code with the migrator. */
import { execFileSync, spawn } from "node:child_process";
import * as path from "node:path";
import { createInterface } from "node:readline";
import type { Cleanup } from ".";

/** Whether Python can read the files; says what is skipped if not. */
export function hasPython(what: string): boolean {
  try {
    execFileSync("python3", ["-c", "import sqlite3, sys; assert sqlite3.sqlite_version_info >= (3, 31)"]);
    return true;
  } catch {
    console.log(`skipped: ${what}, since python3 with sqlite3 is not installed`);
    return false;
  }
}

/** Starts a script that answers each line of JSON with another. */
export function startPython<Answer>(
  cleanup: Cleanup,
  ...script: string[]
): (question: unknown) => Promise<Answer> {
  const child = spawn("python3", [path.join(...script)], { stdio: ["pipe", "pipe", "inherit"] });
  cleanup.add(() => child.kill());
  const answers = createInterface(child.stdout)[Symbol.asyncIterator]();
  return async (question) => {
    child.stdin.write(`${JSON.stringify(question)}\n`);
    const answer = await answers.next();
    if (answer.done) throw new Error("the reader has ended");
    return JSON.parse(answer.value) as Answer;
  };
}
