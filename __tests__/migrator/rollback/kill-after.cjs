/*
 * For `node --require`: counts what a program does to files below PGMOOR_KILL_UNDER, notes each in PGMOOR_KILL_LOG, and kills
 * the program by SIGKILL right after the one of which PGMOOR_KILL_AFTER says the number or the words.
 */
const fs = require("node:fs");
const path = require("node:path");
const files = require("node:fs/promises");

const { PGMOOR_KILL_UNDER: under, PGMOOR_KILL_LOG: log, PGMOOR_KILL_AFTER: after } = process.env;
let count = 0;

function done(what, file) {
  if (!String(file).startsWith(under)) return;
  const words = `${what} ${path.basename(String(file))}`;
  fs.appendFileSync(log, `${words}\n`);
  if (++count === Number(after) || words === after) process.kill(process.pid, "SIGKILL");
}

for (const name of ["rename", "rm"]) {
  const original = files[name];
  files[name] = async (file, ...more) => {
    const answer = await original(file, ...more);
    done(name, file);
    return answer;
  };
}

const { open } = files;
files.open = async (file, ...more) => {
  const handle = await open(file, ...more);
  if (more[0] === "wx") done("create", file);
  for (const name of ["sync", "chown", "chmod", "writeFile"]) {
    const original = handle[name].bind(handle);
    handle[name] = async (...args) => {
      const answer = await original(...args);
      done(name, file);
      return answer;
    };
  }
  return handle;
};
