/** Which program is Terraform here. */
import { basename } from "node:path";

/** Terraform, or what cdktf is told to use in its place: `tofu`. */
export function terraformProgram(env: NodeJS.ProcessEnv = process.env): string {
  return env.TERRAFORM_BINARY_NAME || "terraform";
}

/** By the name that it is started with, as cdktf has it: `tofu`, `/usr/bin/tofu`. */
export function isOpenTofu(env: NodeJS.ProcessEnv = process.env): boolean {
  return /^(open)?tofu/.test(basename(terraformProgram(env)));
}
