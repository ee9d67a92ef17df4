/** How the stacks of an environment begin, and how Terraform reaches its servers. */
import { VaultProvider } from "@cdktf/provider-vault/lib/provider";
import type { TerraformStack } from "cdktf";
import { NomadConnection, type NomadConnectionProps } from "../constructs/nomad-connection";
import { ServerConnection } from "../constructs/server-connection";
import type { Environment } from "../environments/model/environment";
import { keepState } from "./backend";
import { fileOf } from "./file-of";

/** Where the stack's state is kept, which Terraform it needs, and its connection to Vault. */
export function begin(stack: TerraformStack, environment: Environment, name: string): void {
  keepState(stack, environment, name);
  // The prebuilt classes pin their providers; Terraform's own version is what write-only attributes need.
  stack.addOverride("terraform.required_version", ">= 1.11.0");
  const { address, namespace, caFile } = environment.vault;
  // It takes the person's token and client certificate from Vault's usual variables.
  new VaultProvider(stack, "vault", { address, namespace, caCertFile: fileOf(caFile), skipChildToken: true });
}

/** Nomad as Terraform's provider and {@link NomadConnection} take it. */
export function nomadProps({ nomad }: Environment): NomadConnectionProps {
  return { ...nomad, caFile: fileOf(nomad.caFile) };
}

export function connectNomad(stack: TerraformStack, environment: Environment): void {
  new NomadConnection(stack, "nomad", nomadProps(environment));
}

/** To the central PostgreSQL, as its admin. */
export function connectServer(stack: TerraformStack, { consul, server, vault }: Environment): void {
  new ServerConnection(stack, "server", {
    consul: { ...consul, caFile: fileOf(consul.caFile) },
    service: server.service,
    address: server.address,
    mount: vault.mount,
    adminSecret: server.adminSecret,
    sslmode: server.sslmode,
    caFile: fileOf(server.caFile),
  });
}
