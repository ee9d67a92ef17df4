import type { KnownApp } from "./known-app";
import { appsOfTheCatalogue } from "./of-the-catalogue";
import { appsOnAServer } from "./on-a-server";
import { takesMysqlAlone } from "./on-mysql";
import { rootlessForges } from "./rootless";
import { servarrs } from "./servarr";
import { appsWithSqlite } from "./with-sqlite";

/** Every app whose database pgmoor finds by the image of its task. The first that matches counts. */
export const knownApps: readonly KnownApp[] = [
  ...rootlessForges,
  ...appsOfTheCatalogue,
  ...appsWithSqlite,
  ...appsOnAServer,
  ...servarrs,
];

/** The app of an image: `registry.example:5000/vaultwarden/server:1.36.0@sha256:…`. */
export function appOfImage(image: string): KnownApp | undefined {
  const { repository, tag } = partsOf(image);
  return knownApps.find((app) => app.image.test(repository) && (app.tag?.test(tag) ?? true));
}

function partsOf(image: string): { repository: string; tag: string } {
  const [, repository, tag = ""] = /^(.*?)(?::([^:/]*))?$/.exec(image.replace(/@.*$/, "").toLowerCase())!;
  return { repository: repository!, tag };
}

/** Whether an image is an app that takes no PostgreSQL, but MySQL. */
export function isOnMysql(image: string): boolean {
  return takesMysqlAlone(partsOf(image).repository);
}

/** Whether an image is a PostgreSQL server. */
export function isPostgres(image: string): boolean {
  const { repository } = partsOf(image);
  return /(^|\/)(postgres|postgresql|postgis|pgvector|pgvecto-rs|timescaledb|timescaledb-ha|vchord-postgres)$/.test(
    repository,
  );
}
