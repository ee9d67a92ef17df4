import { consulProvider } from "./consul/provider";
import { nomadProvider } from "./nomad/provider";
import { postgresqlProvider } from "./postgresql/provider";
import type { Provider } from "./protocol/provider";
import { serve } from "./protocol/server";
import { randomProvider } from "./random/provider";
import { vaultProvider } from "./vault/provider";

/** Every provider stand-in; `env` is where they look for addresses and tokens, as the real ones do. */
export function allProviders(env: NodeJS.ProcessEnv): Provider[] {
  return [
    vaultProvider(env),
    nomadProvider(env),
    consulProvider(env),
    randomProvider(),
    postgresqlProvider(env),
  ];
}

/** OpenTofu's default registry is another. */
function openTofus(address: string): string {
  return address.replace("registry.terraform.io/", "registry.opentofu.org/");
}

/** The stand-ins at work. */
export interface ServedProviders {
  /** For Terraform's environment, as `TF_REATTACH_PROVIDERS`. */
  readonly reattach: string;
  /** Ends the servers; what they still wait for is given up. */
  stop(): Promise<void>;
}

/**
 * Serves the stand-ins for the vault, nomad, consul, random and postgresql providers from this process,
 * each on a free port of 127.0.0.1, to any number of Terraforms.
 *
 * Terraform then installs none of them: `init` skips them and ignores their version constraints.
 *
 * @param env where the providers look for VAULT_ADDR and the like; Terraform's own environment is not
 * seen from here. @default process.env
 */
export async function serveProviders(env: NodeJS.ProcessEnv = process.env): Promise<ServedProviders> {
  const served = await Promise.all(
    allProviders(env).map(async (provider) => ({ address: provider.address, server: await serve(provider) })),
  );
  const entries = served.flatMap(({ address, server }) =>
    [address, openTofus(address)].map((one) => [
      one,
      {
        Protocol: "grpc",
        ProtocolVersion: 6,
        Pid: process.pid,
        // Says that Terraform does not end the process.
        Test: true,
        Addr: { Network: "tcp", String: `127.0.0.1:${server.port}` },
      },
    ]),
  );
  return {
    reattach: JSON.stringify(Object.fromEntries(entries)),
    stop: () => {
      for (const { server } of served) server.stop();
      return Promise.resolve();
    },
  };
}
