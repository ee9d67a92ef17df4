/** Which servers can be asked, and what is needed to ask them. */
import { vaultToken } from "../connections/api";
import type { Environment } from "../environments/model/environment";
import { findServer, type Place } from "../survey/server";
import { readSecret, type Secret } from "../survey/vault";
import { consulTrouble } from "./consul";
import { nomadTrouble } from "./nomad";
import type { ServerStatus } from "./report";
import { vaultTrouble } from "./vault";

export interface Reached {
  /** Why a server cannot be asked, as a verb for its name; nothing: it can. */
  readonly nomad: string | undefined;
  readonly vault: string | undefined;
  readonly consul: string | undefined;
  readonly place: Place | undefined;
  /** The secret of PostgreSQL's admin, or why there is none. */
  readonly admin: Secret | string;
  /** A secret of Vault's; `unknown` while Vault cannot be asked. */
  readonly secretIn: (name: string) => Promise<Secret>;
}

export async function reach(environment: Environment, env: NodeJS.ProcessEnv): Promise<Reached> {
  const token = vaultToken(env);
  const [nomad, vault, consul, place] = await Promise.all([
    nomadTrouble(environment, env),
    vaultTrouble(environment, env),
    consulTrouble(environment, env),
    findServer(environment, env),
  ]);
  const secretIn = async (name: string): Promise<Secret> =>
    token === undefined || vault !== undefined
      ? { presence: "unknown", data: {} }
      : readSecret(environment, name, env);
  const found = { nomad, vault, consul, place, secretIn };
  return { ...found, admin: await adminOf(environment, found) };
}

async function adminOf(
  { server, vault: { mount } }: Environment,
  { vault, consul, place, secretIn }: Omit<Reached, "nomad" | "admin">,
): Promise<Secret | string> {
  if (place === undefined)
    return consul === undefined
      ? `was not found: Consul has no healthy service "${server.service}"`
      : "was not found: Consul has its address. With server.address in the environment, pgmoor asks it anyway";
  if (vault !== undefined) return "was not asked: its admin's password is in Vault";
  const admin = await secretIn(server.adminSecret);
  const secret = `${mount}/${server.adminSecret}`;
  if (admin.presence === "unknown") return `was not asked: Vault does not show ${secret} to this token`;
  return admin.presence === "present" ? admin : `was not asked: Vault has no secret ${secret}`;
}

/** @param postgres why PostgreSQL cannot be asked, if it cannot */
export function serversOf(
  environment: Environment,
  { nomad, vault, consul, place }: Reached,
  postgres: string | undefined,
): ServerStatus[] {
  return [
    { server: "Nomad", at: environment.nomad.address, trouble: nomad ?? null },
    { server: "Vault", at: environment.vault.address, trouble: vault ?? null },
    { server: "Consul", at: environment.consul.address, trouble: consul ?? null },
    {
      server: "PostgreSQL",
      at: place === undefined ? null : `${place.host}:${place.port}`,
      trouble: postgres ?? null,
    },
  ];
}
