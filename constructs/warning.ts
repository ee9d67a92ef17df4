import type { TerraformStack } from "cdktf";
import { literal } from "./terraform";

/**
 * Has every plan of a stack warn of something, whoever plans it.
 * @param name of Terraform's check: the review knows it by that
 */
export function warn(stack: TerraformStack, name: string, message: string): void {
  // A check has to refer to something.
  stack.addOverride(`locals.${name}`, false);
  stack.addOverride(`check.${name}`, {
    assert: [{ condition: `\${local.${name}}`, error_message: literal(message) }],
  });
}

/** A warning with a line for each thing: the review reads the lines. */
export function listed(first: string, lines: readonly string[]): string {
  return [first, ...lines.map((line) => `- ${line}`)].join("\n");
}
