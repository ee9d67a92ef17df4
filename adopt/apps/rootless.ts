/**
 * The images of Gitea and Forgejo that run without root: other folders, and no `su-exec`.
 * Sources: https://github.com/go-gitea/gitea, `Dockerfile.rootless` (read: user 1000, `/var/lib/gitea`, `/etc/gitea/app.ini`), its
 * `docker/rootless/etc/templates/app.ini` (read: `data/gitea.db`), `docker/rootless/usr/local/bin/environment-to-ini` and `gitea`
 * (read: both take another file by their arguments), https://forgejo.org/docs/latest/admin/installation/docker/. None was run.
 */
import { appsOfTheCatalogue } from "./of-the-catalogue";
import type { KnownApp } from "./known-app";
import { appsWithSqlite } from "./with-sqlite";

function rootless(name: string, program: string): KnownApp {
  const app = [...appsOfTheCatalogue, ...appsWithSqlite].find((one) => one.name === name)!;
  const build = `ini="$NOMAD_TASK_DIR/app.ini"; touch "$ini" && environment-to-ini -c "$ini" && ${program} -c "$ini" migrate`;
  return {
    ...app,
    tag: /rootless/,
    sqlite: {
      ...app.sqlite!,
      file: "/var/lib/gitea/data/gitea.db",
      schema: { kind: "command", command: ["/bin/sh", "-c", build] },
    },
  };
}

export const rootlessForges: readonly KnownApp[] = [
  rootless("Gitea", "gitea"),
  rootless("Forgejo", "forgejo"),
];
