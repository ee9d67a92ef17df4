import { VaultProvider } from "@cdktf/provider-vault/lib/provider";
import type { Construct } from "constructs";
import type { Environment } from "../environments/model/environment";
import { fileOf } from "./file-of";

/** Terraform's connection to Vault. It takes the person's token and client certificate from Vault's usual variables. */
export function vaultProvider(scope: Construct, { address, namespace, caFile }: Environment["vault"]): void {
  new VaultProvider(scope, "vault", {
    address,
    namespace,
    caCertFile: fileOf(caFile),
    skipChildToken: true,
  });
}
