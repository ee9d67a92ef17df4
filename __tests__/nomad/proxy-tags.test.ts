import { proxyTags, type Proxy } from "../../nomad/proxy-tags";

const tagsOf = (proxy: Proxy, middlewares: readonly string[] = []) =>
  proxyTags(proxy, { name: "notes", host: "notes.example.org", middlewares });

test("Traefik's router has its entry point, its certificate resolver and its middlewares", () => {
  expect(tagsOf({ kind: "traefik" })).toEqual([
    "traefik.enable=true",
    "traefik.http.routers.notes.rule=Host(`notes.example.org`)",
    "traefik.http.routers.notes.entrypoints=websecure",
    "traefik.http.routers.notes.tls=true",
  ]);
  expect(tagsOf({ kind: "traefik", entryPoint: "https", certResolver: "dns" }, ["auth@file"])).toEqual([
    "traefik.enable=true",
    "traefik.http.routers.notes.rule=Host(`notes.example.org`)",
    "traefik.http.routers.notes.entrypoints=https",
    "traefik.http.routers.notes.tls=true",
    "traefik.http.routers.notes.tls.certresolver=dns",
    "traefik.http.routers.notes.middlewares=auth@file",
  ]);
});

test("Fabio wants a path, Caddy's plugin none, a template its own tag, and nobody nothing", () => {
  expect(tagsOf({ kind: "fabio" })).toEqual(["urlprefix-notes.example.org/"]);
  expect(tagsOf({ kind: "caddy" })).toEqual(["urlprefix-notes.example.org"]);
  expect(tagsOf({ kind: "host-tag" })).toEqual(["host=notes.example.org"]);
  expect(tagsOf({ kind: "none" })).toEqual([]);
});
