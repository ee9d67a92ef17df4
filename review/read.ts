/** Reads plans from files. */
import { readFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { z } from "zod";
import { UserError } from "../environments/model/problems";
import { checksSchema, planSchema, stackSchema, type StackResources } from "./terraform-plan";
import type { StackInput } from "./stack";

/** What `pgmoor plan` calls a plan's file, in a folder with the service's name; the stack lies beside it. */
export const planFile = "plan.json";
export const stackFile = "cdk.tf.json";
/** What `pgmoor check` found, beside it. */
export const checksFile = "check.json";

/**
 * A service's plan: `FOLDER/SERVICE/plan.json`, or `SERVICE.json`.
 *
 * @throws {UserError} when it cannot be read, or is no plan
 */
export function readInput(file: string): StackInput {
  const own = basename(file) === planFile;
  const plan = planSchema.safeParse(readJson(file));
  if (!plan.success)
    throw new UserError(
      `${file} is not a plan (make it with terraform show -json PLANFILE): ${z.prettifyError(plan.error).split("\n").slice(0, 3).join(" ")}`,
    );
  return {
    service: own ? basename(dirname(resolve(file))) : basename(file).replace(/\.json$/, ""),
    plan: plan.data,
    resources: own ? readStackFile(join(dirname(file), stackFile)) : undefined,
    checks: own ? checksSchema.safeParse(readJson(join(dirname(file), checksFile), true)).data : undefined,
  };
}

function readStackFile(file: string): StackResources | undefined {
  const stack = stackSchema.safeParse(readJson(file, true));
  return stack.success ? stack.data.resource : undefined;
}

function readJson(file: string, optional = false): unknown {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if (optional) return undefined;
    const { code } = error as NodeJS.ErrnoException;
    throw new UserError(`${file} cannot be read${code === "ENOENT" ? ": no such file" : ""}.`);
  }
  try {
    return JSON.parse(text);
  } catch {
    throw new UserError(`${file} is not JSON. Make it with: terraform show -json PLANFILE`);
  }
}
