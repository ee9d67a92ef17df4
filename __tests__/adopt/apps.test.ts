import { appOfImage, isOnMysql, isPostgres } from "../../adopt/apps";

test.each([
  ["registry.lan:5000/vaultwarden/server:1.36.0@sha256:0123", "Vaultwarden", "/data/db.sqlite3"],
  ["gitea/gitea", "Gitea", "/data/gitea/gitea.db"],
  ["docker.gitea.com/gitea:1.25.2-rootless", "Gitea", "/var/lib/gitea/data/gitea.db"],
  ["codeberg.org/forgejo/forgejo:12", "Forgejo", "/data/gitea/gitea.db"],
  ["codeberg.org/forgejo/forgejo:12-rootless", "Forgejo", "/var/lib/gitea/data/gitea.db"],
])("%s is %s, with its file at %s", (image, name, file) => {
  expect(appOfImage(image)).toMatchObject({ name, sqlite: { file } });
});

test.each([
  ["wordpress:6.8-apache", true, false],
  ["lscr.io/linuxserver/bookstack", true, false],
  ["me/wordpress-exporter", false, false],
  ["localhost:5000/postgres:16-alpine", false, true],
])("%s: MySQL alone %p, a PostgreSQL %p", (image, mysql, postgres) => {
  expect(isOnMysql(image)).toBe(mysql);
  expect(isPostgres(image)).toBe(postgres);
});
