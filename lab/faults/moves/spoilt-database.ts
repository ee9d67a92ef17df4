/** Moves that fail in the database: a row that changes on its way, a server that falls silent. */
import type { SqliteSubject } from "../steps";
import { moveFault } from "./move-fault";
import { plant, runs, uproot } from "./plants";

/** Sessions that were frozen, by service. */
const frozen = new Map<string, number>();

export const spoiltDatabases = [
  moveFault({
    name: "proof-fails",
    about: "a row changes on its way to the server, and the proof finds it",
    spoil: plant("changed row"),
    fails: { task: "migrate", says: /nothing changed/ },
    mend: uproot,
  }),
  moveFault({
    name: "server-falls-silent",
    about:
      "the network is cut in the middle of the copy: the session stays open, and nothing comes from the server",
    spoil: plant("slow copy"),
    async meanwhile(bench, subject) {
      const pid = await runs(bench, subject, /^COPY .*ciphers/);
      process.kill(pid, "SIGSTOP");
      frozen.set(subject.service.name, pid);
    },
    restore: (_bench, { service }: SqliteSubject) =>
      Promise.resolve(process.kill(frozen.get(service.name)!, "SIGCONT")),
    fails: { task: "migrate", says: /did not finish within 60 s/ },
    mend: uproot,
    withinSeconds: 30,
  }),
];
