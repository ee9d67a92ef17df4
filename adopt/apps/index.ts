import type { KnownApp } from "./known-app";
import { appsOfTheCatalogue } from "./of-the-catalogue";
import { appsOnAServer } from "./on-a-server";
import { servarrs } from "./servarr";
import { appsWithSqlite } from "./with-sqlite";

/** Every app whose database pgmoor finds by the image of its task. */
export const knownApps: readonly KnownApp[] = [
  ...appsOfTheCatalogue,
  ...appsWithSqlite,
  ...appsOnAServer,
  ...servarrs,
];

/** The app of an image: `registry.example:5000/vaultwarden/server:1.36.0@sha256:…`. */
export function appOfImage(image: string): KnownApp | undefined {
  const repository = image
    .replace(/@.*$/, "")
    .replace(/:[^:/]*$/, "")
    .toLowerCase();
  return knownApps.find((app) => app.image.test(repository));
}

/** Whether an image is a PostgreSQL server. */
export function isPostgres(image: string): boolean {
  const repository = image
    .replace(/@.*$/, "")
    .replace(/:[^:/]*$/, "")
    .toLowerCase();
  return /(^|\/)(postgres|postgresql|postgis|pgvector|pgvecto-rs|timescaledb|timescaledb-ha|vchord-postgres)$/.test(
    repository,
  );
}
