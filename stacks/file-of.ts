import { resolve } from "node:path";

/** A file of the environment's, by its path from the project's folder, for Terraform, which runs elsewhere. */
export function fileOf(file: string | undefined): string | undefined {
  return file === undefined ? undefined : resolve(file);
}
