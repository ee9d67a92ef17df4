import { KvSecretV2 } from "@cdktf/provider-vault/lib/kv-secret-v2";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { addressName, ephemeral, forget, named, quoted } from "./terraform";

/**
 * Check-and-set: Vault refuses to write where a secret is already. Not by the attribute `cas`, which the provider sends where
 * Vault does not look for it (vault/resource_kv_secret_v2.go).
 */
const onlyIfAbsent = { options: { cas: "0" } };

export interface DatabaseSecretProps {
  readonly service: string;
  /** Mount of Vault's KV v2 engine. */
  readonly mount: string;
  /** The secret's name below the mount: `postgres/vaultwarden`. */
  readonly name: string;
  /** What it holds besides the password, such as `username`. @default nothing */
  readonly fields?: Readonly<Record<string, string>>;
  /** One more makes a new password, in Vault and for the role. */
  readonly passwordVersion: number;
  /**
   * `new`: made here. `existing`: only read, whoever made it. `taken-over`: an existing one that gets a new password from
   * us, and is ours from then on.
   */
  readonly ownership: "new" | "existing" | "taken-over";
}

function fieldsOf({ fields = {} }: DatabaseSecretProps): string {
  return Object.entries(fields)
    .map(([name, value]) => `${name} = ${quoted(value)}, `)
    .join("");
}

/**
 * A Vault secret with a password. A service's has its `username` and `database` as well, and nothing else: a changed host
 * must not make a new password.
 *
 * The password passes through Terraform without being kept: an ephemeral random password is written as a write-only
 * attribute, and what the role gets is read back from Vault. So Vault is the one truth, and a run that ends between any
 * two steps is mended by the next.
 */
export class DatabaseSecret extends Construct {
  /** Expression of the password as Vault has it; ephemeral, so for write-only attributes alone. */
  readonly password: string;
  /** The resource to wait for before the password is read; none for an existing secret. */
  readonly resource: ITerraformDependable | undefined;

  constructor(scope: Construct, id: string, props: DatabaseSecretProps) {
    super(scope, id);
    const name = addressName(props.service);
    const secret = props.ownership === "existing" ? undefined : this.written(props, name);
    this.resource = secret;
    // The state may have it from before, when it was ours. Without this block its end in the configuration would be its end
    // in Vault: prevent_destroy goes with the resource.
    if (secret === undefined) forget(this, [`vault_kv_secret_v2.${name}`]);
    const readBack = ephemeral(this, "vault_kv_secret_v2", name, {
      mount: props.mount,
      name: props.name,
      // Unknown until the secret is there: the first apply reads after it has written.
      ...(secret === undefined ? {} : { mount_id: `\${${secret.fqn}.id}` }),
    });
    this.password = `\${${readBack}.data.password}`;
  }

  private written(props: DatabaseSecretProps, name: string): KvSecretV2 {
    const first = props.ownership === "new" && props.passwordVersion === 1;
    const random = ephemeral(this, "random_password", name, { length: 48, special: false });
    const secret = named(
      new KvSecretV2(this, "secret", {
        mount: props.mount,
        name: props.name,
        dataJsonWo: `\${jsonencode({${fieldsOf(props)}password = ${random}.result})}`,
        dataJsonWoVersion: props.passwordVersion,
        ...(first ? onlyIfAbsent : {}),
        // At the creation alone: the provider fails to change the options of a secret without writing it.
        lifecycle: { preventDestroy: true, ignoreChanges: first ? ["options"] : undefined },
      }),
      name,
    );
    if (props.ownership === "taken-over") secret.importFrom(`${props.mount}/data/${props.name}`);
    return secret;
  }
}
