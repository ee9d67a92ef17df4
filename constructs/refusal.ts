import type { TerraformStack } from "cdktf";
import { literal } from "./terraform";

/** Under this name Terraform's error shows why. */
const local = "may_be_deployed";

/**
 * Has every plan of a stack end with these sentences, whoever plans it: `cdktf`, `pgmoor` or Terraform itself.
 */
export function refuse(stack: TerraformStack, reasons: readonly string[]): void {
  if (reasons.length === 0) return;
  stack.addOverride(`locals.${local}`, false);
  stack.addOverride("output.pgmoor", {
    value: "",
    precondition: reasons.map((reason) => ({
      condition: `\${local.${local}}`,
      error_message: literal(reason),
    })),
  });
}
