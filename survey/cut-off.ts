/**
 * What an earlier deploy of ours made before it was cut off: Terraform was killed when the server had it and the state did not.
 * The next deploy takes it over.
 */
import type { EnvironmentService } from "../environments/model/environment";
import { databaseName } from "../services/definition";
import type { Found } from "./found";
import type { Known } from "./known";

export interface CutOff {
  readonly role: boolean;
  readonly database: boolean;
}

export const nothingCutOff: CutOff = { role: false, database: false };

/**
 * A role is ours when it accepts the password of a secret that the state has, or of one that exists, while there is no
 * database: somebody else's would have one. A database is ours when such a role owns it, or one that the state has.
 */
export function cutOffOf(
  { definition, existing = [] }: EnvironmentService,
  known: Known,
  found: Found,
): CutOff {
  if (existing.includes("database")) return nothingCutOff;
  const secret = known.secret !== undefined || (existing.includes("secret") && found.database === "absent");
  const role = secret && known.role === undefined && found.role === "present" && found.login === "works";
  const database =
    (role || known.role !== undefined) &&
    known.database === undefined &&
    found.database === "present" &&
    found.owner === databaseName(definition);
  return { role, database };
}
