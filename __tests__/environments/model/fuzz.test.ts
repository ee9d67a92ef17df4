/** Whatever somebody writes as a name or a host is refused with its path, or comes out of everything as it went in. */
import fc from "fast-check";
import { parse } from "pg-connection-string";
import type { Environment } from "../../../environments/model/environment";
import { homelab } from "../../../environments/homelab";
import { validate } from "../../../environments/model/validate";
import { dsnFile } from "../../../nomad/dsn";
import { vaultwarden } from "../../../services/vaultwarden";
import { render, variables } from "../../nomad/render";
import { jobOf, synthesize, type Json } from "../../stacks/synthesize";

const cases = process.env.PGMOOR_THOROUGH ? 10_000 : 300;

/** Every alphabet that something on the way has a meaning for, and what nearly is a name. */
const written = fc.oneof(
  fc.string({ unit: fc.constantFrom(..."ab1_-.:/$%{}\"'`\\;\n ()[]@#+=".split("")), maxLength: 12 }),
  fc.stringMatching(/^[a-z][a-z0-9_-]{0,70}$/),
  fc.string({ unit: "binary", maxLength: 8 }),
  fc.constantFrom(
    "${env}",
    "a${b}",
    "a{{b}}",
    "a%{if}",
    "{{ key }}",
    "%{if}",
    'x"; DROP DATABASE y; --',
    "a\0b",
    "fd00::1",
    "10.0.0.50",
    "a:1",
  ),
);

function accepts(environment: Environment, path: string): boolean {
  try {
    validate(environment);
    return true;
  } catch (error) {
    expect((error as Error).message).toContain(`\n  ${path}: `);
    return false;
  }
}

test("names of services, databases, volumes and secrets", () => {
  const names = [...new Set(fc.sample(written, cases))];
  const accepted = names.flatMap((name) => {
    const definition = {
      name: { ...vaultwarden, name },
      database: { ...vaultwarden, database: { ...vaultwarden.database, name } },
      secret: { ...vaultwarden, secrets: [{ variable: "KEY", secret: name, field: "key" }] },
    };
    const path = { name: "name", database: "database.name", secret: "secrets[0].secret" };
    return (["name", "database", "secret"] as const)
      .map((kind) => ({ kind, name, definition: definition[kind] }))
      .filter((one) =>
        accepts(
          { ...homelab, services: [{ definition: one.definition, phase: "prepared" }] },
          `services[0].definition.${path[one.kind]}`,
        ),
      );
  });
  for (const kind of ["name", "database", "secret"]) expect(accepted.map((one) => one.kind)).toContain(kind);
  // A sample of them, through everything that is made of them.
  for (const { kind, name, definition } of fc.sample(fc.constantFrom(...accepted), 40)) {
    const environment: Environment = { ...homelab, services: [{ definition, phase: "prepared" }] };
    const stack: Json = synthesize(environment)[definition.name]!;
    const job = jobOf(stack);
    expect(job.ID).toBe(definition.name);
    const [database] = Object.values(
      (stack.resource as Json).postgresql_database as Record<string, { name: string }>,
    );
    if (kind === "database") expect(database!.name).toBe(name);
    // What the service before it has, and nothing that a name brought along.
    const interpolations = (text: string) => text.match(/\$\{[^}]*\}|%\{|\{\{[^}]*\}\}/g)?.length ?? 0;
    const plain = synthesize({
      ...homelab,
      services: [
        {
          definition:
            kind === "secret"
              ? { ...definition, secrets: [{ variable: "KEY", secret: "a", field: "key" }] }
              : vaultwarden,
          phase: "prepared",
        },
      ],
    })[kind === "secret" ? definition.name : "vaultwarden"]!;
    expect(interpolations(JSON.stringify(stack))).toBe(interpolations(JSON.stringify(plain)));
  }
});

test("hosts", () => {
  const hosts = [...new Set(fc.sample(written, cases))].filter((host) =>
    accepts(
      { ...homelab, server: { ...homelab.server, lookup: { by: "dns", host, port: 5432 } } },
      "server.lookup.host",
    ),
  );
  expect(hosts).toEqual(expect.arrayContaining(["fd00::1", "10.0.0.50"]));
  expect(hosts).not.toContain("a:1");
  const rendered = render(
    hosts.map((host) => ({
      template: dsnFile(
        { style: "url", variable: "URL" },
        {
          server: { by: "dns", host, port: 5432 },
          database: "d",
          username: "u",
          sslmode: "disable",
          secret: { mount: "secret", name: "postgres/x" },
        },
        "restart",
      ).EmbeddedTmpl,
      secrets: { "secret/data/postgres/x": { password: "p" } },
    })),
  );
  hosts.forEach((host, index) => {
    const { host: read, port } = parse(variables(rendered[index]!.Output).URL!);
    expect([read?.replace(/^\[|\]$/g, "").toLowerCase(), port]).toEqual([host.toLowerCase(), "5432"]);
  });
});
