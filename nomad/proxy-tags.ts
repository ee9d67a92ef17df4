/** The tags by which a proxy finds a service in Consul, and what it does with it. */

/** A proxy that reads Consul's tags. */
export type Proxy =
  | {
      /** Source: https://doc.traefik.io/traefik/reference/routing-configuration/other-providers/consul-catalog/ */
      readonly kind: "traefik";
      /** @default "websecure" */
      readonly entryPoint?: string;
      /** `certificatesResolvers` of Traefik's own configuration. @default Traefik's default certificate */
      readonly certResolver?: string;
    }
  | {
      /**
       * `fabio`: https://fabiolb.net/quickstart/. `caddy`: Caddy with the plugin https://github.com/fortix/caddy-consul-ingress,
       * which reads Fabio's tags without their slash. `host-tag`: the tag `host=NAME.DOMAIN`, for a template of your own for nginx,
       * HAProxy or Caddy, rendered by consul-template. `none`: no tags.
       */
      readonly kind: "fabio" | "caddy" | "host-tag" | "none";
    };

export const defaultProxy: Proxy = { kind: "traefik" };

export interface Routed {
  /** Of the router. */
  readonly name: string;
  /** `vaultwarden.example.org`. */
  readonly host: string;
  /** Traefik's. */
  readonly middlewares: readonly string[];
}

export function proxyTags(proxy: Proxy, routed: Routed): string[] {
  const { host } = routed;
  switch (proxy.kind) {
    case "traefik":
      return traefikTags(proxy, routed);
    case "fabio":
      return [`urlprefix-${host}/`];
    case "caddy":
      return [`urlprefix-${host}`];
    case "host-tag":
      return [`host=${host}`];
    case "none":
      return [];
  }
}

function traefikTags(
  { entryPoint = "websecure", certResolver }: Extract<Proxy, { kind: "traefik" }>,
  { name, host, middlewares }: Routed,
): string[] {
  const router = `traefik.http.routers.${name}`;
  return [
    "traefik.enable=true",
    `${router}.rule=Host(\`${host}\`)`,
    `${router}.entrypoints=${entryPoint}`,
    `${router}.tls=true`,
    ...(certResolver === undefined ? [] : [`${router}.tls.certresolver=${certResolver}`]),
    ...(middlewares.length > 0 ? [`${router}.middlewares=${middlewares.join(",")}`] : []),
  ];
}
