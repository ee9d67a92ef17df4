import fc from "fast-check";
import { parse } from "pg-connection-string";
import {
  caFile,
  caPath,
  dsnFile,
  libpq,
  modesOf,
  type Connection,
  type Dsn,
  type VariablesDsn,
} from "../../nomad/dsn";
import { freshrss } from "../../services/freshrss";
import { gitea } from "../../services/gitea";
import { render, variables } from "./render";

const cases = process.env.PGMOOR_THOROUGH ? 10_000 : 1_000;
const secret = { mount: "secret", name: "postgres/vaultwarden" };
const urlDsn: Dsn = { style: "url", variable: "DATABASE_URL" };
const dns: Connection = {
  server: { by: "dns", host: "postgresql.service.consul", port: 5432 },
  database: "vaultwarden",
  username: "vaultwarden",
  sslmode: "disable",
  secret,
};
const byTemplate: Connection = { ...dns, server: { by: "consul-template", service: "postgresql" } };

/** Anything that JSON can carry through Vault. */
const anything = fc
  .oneof(
    fc.string({ unit: "binary" }),
    fc.string(),
    fc.constantFrom("a b+c%20&d/?#@:", `"'\\`, "{{ .x }}", "${X}%{Y}", "\n\t"),
  )
  .filter((value) => value.isWellFormed());

function renderOne(dsn: Dsn, connection: Connection, password: string, services = {}) {
  return render([
    {
      template: dsnFile(dsn, connection, "restart").EmbeddedTmpl,
      secrets: { "secret/data/postgres/vaultwarden": { password } },
      services,
    },
  ])[0]!;
}

describe("a DSN in one URL", () => {
  test("is what libpq reads, with the server by its DNS name", () => {
    const { Output } = renderOne(urlDsn, dns, "p w+d");
    expect(variables(Output)).toEqual({
      DATABASE_URL:
        "postgresql://vaultwarden:p%20w%2Bd@postgresql.service.consul:5432/vaultwarden?sslmode=disable",
    });
  });

  test("gives back any password, database and parameter, and nothing can break out of it", () => {
    const samples = fc.sample(fc.tuple(anything, anything, anything), cases);
    const rendered = render(
      samples.map(([password, database, value]) => ({
        template: dsnFile(
          { ...urlDsn, parameters: { application_name: value } },
          { ...dns, database },
          "restart",
        ).EmbeddedTmpl,
        secrets: { "secret/data/postgres/vaultwarden": { password } },
      })),
    );
    samples.forEach(([password, database, value], index) => {
      const url = variables(rendered[index]!.Output).DATABASE_URL!;
      // The form libpq documents: everything but these is percent-encoded.
      const [, user, pass, path, query] =
        /^postgresql:\/\/([^:@/?]*):([^:@/?]*)@postgresql\.service\.consul:5432\/([^?/]*)\?sslmode=disable&application_name=([^&?/]*)$/.exec(
          url,
        )!;
      expect([user, pass, path, query].map((part) => decodeURIComponent(part!))).toEqual([
        "vaultwarden",
        password,
        database,
        value,
      ]);
      expect(url).not.toContain("+");
    });
  });

  test("is read back by node-postgres, too", () => {
    const { Output } = renderOne(urlDsn, dns, "a/b?c#d@e:f g%");
    expect(parse(variables(Output).DATABASE_URL!)).toMatchObject({
      host: "postgresql.service.consul",
      port: "5432",
      user: "vaultwarden",
      password: "a/b?c#d@e:f g%",
      database: "vaultwarden",
    });
  });
});

describe("a DSN in a set of variables", () => {
  const laravel: VariablesDsn = {
    ...libpq,
    server: { host: "DB_HOST", port: "PGPORT" },
    password: "DB_PASSWORD",
    fixed: { DB_CONNECTION: "pgsql" },
  };

  test("gives back any password, name and fixed value", () => {
    const samples = fc.sample(fc.tuple(anything, anything, anything), cases);
    const rendered = render(
      samples.map(([password, username, value]) => ({
        template: dsnFile({ ...laravel, fixed: { FIXED: value } }, { ...dns, username }, "restart")
          .EmbeddedTmpl,
        secrets: { "secret/data/postgres/vaultwarden": { password } },
      })),
    );
    samples.forEach(([password, username, value], index) => {
      expect(variables(rendered[index]!.Output)).toEqual({
        FIXED: value,
        PGSSLMODE: "disable",
        DB_HOST: "postgresql.service.consul",
        PGPORT: "5432",
        PGDATABASE: "vaultwarden",
        PGUSER: username,
        DB_PASSWORD: password,
      });
    });
  });
});

test("one variable takes host and port together, and one value can go to several", () => {
  const { Output } = renderOne(
    {
      style: "variables",
      server: { address: ["POSTGRES_HOST", "NC_dbhost"], prefix: "tcp://" },
      database: "D",
      username: "U",
      password: ["P", "Q"],
    },
    dns,
    "x y",
  );
  expect(variables(Output)).toEqual({
    POSTGRES_HOST: "tcp://postgresql.service.consul:5432",
    NC_dbhost: "tcp://postgresql.service.consul:5432",
    D: "vaultwarden",
    U: "vaultwarden",
    P: "x y",
    Q: "x y",
  });
});

describe("the server's address by template", () => {
  const one = { Address: "10.0.0.61", Port: 5432 };
  const other = { Address: "10.0.0.62", Port: 5433 };
  const host = (services: object) => {
    const { Output, Waiting, Error } = renderOne(libpq, byTemplate, "p", services);
    return { waiting: Waiting, error: Error, host: Output === "" ? undefined : variables(Output).PGHOST };
  };

  test("is that of the one instance", () => {
    expect(host({ postgresql: [one] })).toEqual({ waiting: null, error: "", host: "10.0.0.61" });
  });

  test("is one address, not two joined, when there are several", () => {
    expect(host({ postgresql: [one, other] })).toEqual({ waiting: null, error: "", host: "10.0.0.61" });
  });

  test("stays that of a registered instance while none passes its checks", () => {
    expect(host({ "postgresql|any": [other] })).toEqual({ waiting: null, error: "", host: "10.0.0.62" });
  });

  test("is waited for, not left empty, when there is none", () => {
    expect(host({})).toEqual({
      waiting: ["key pgmoor/waiting-for-service/postgresql"],
      error: "",
      host: undefined,
    });
  });

  test("has brackets in a URL when it is IPv6", () => {
    const { Output } = renderOne(urlDsn, byTemplate, "p", {
      postgresql: [{ Address: "fd00::1", Port: 5432 }],
    });
    expect(variables(Output).DATABASE_URL).toBe(
      "postgresql://vaultwarden:p@[fd00::1]:5432/vaultwarden?sslmode=disable",
    );
  });
});

test("a secret without the field fails the template instead of printing a placeholder", () => {
  const [rendered] = render([
    {
      template: dsnFile(urlDsn, dns, "restart").EmbeddedTmpl,
      secrets: { "secret/data/postgres/vaultwarden": { username: "x" } },
    },
  ]);
  expect(rendered!.Error).toContain('map has no entry for key "password"');
});

describe("how the connection is encrypted", () => {
  const verified: Connection = { ...dns, sslmode: "verify-full", ca: "-----BEGIN CERTIFICATE-----\n{{ }}\n" };
  const told = (dsn: Dsn, connection: Connection) => variables(renderOne(dsn, connection, "p").Output);

  test("a URL says the mode, and where the certificate is", () => {
    expect(told(urlDsn, { ...dns, sslmode: "require" }).DATABASE_URL).toMatch(/\?sslmode=require$/);
    const { searchParams } = new URL(told(urlDsn, verified).DATABASE_URL!);
    expect(Object.fromEntries(searchParams)).toEqual({ sslmode: "verify-full", sslrootcert: caPath });
  });

  test("variables say it by what the app calls it; a mode that it cannot be told is not among its modes", () => {
    expect(told(libpq, verified)).toMatchObject({ PGSSLMODE: "verify-full", PGSSLROOTCERT: caPath });
    expect(told(gitea.dsn, verified)).toMatchObject({
      GITEA__database__SSL_MODE: "verify-full",
      PGSSLROOTCERT: caPath,
    });
    expect(told(gitea.dsn, dns)).not.toHaveProperty("PGSSLROOTCERT");
    expect(modesOf(gitea.dsn)).toEqual(["disable", "require", "verify-full"]);
    expect(modesOf({ ...libpq, tls: undefined })).toEqual(["disable"]);
    expect(modesOf(freshrss.dsn)).toEqual(["disable", "require", "verify-ca", "verify-full"]);
    expect(modesOf(urlDsn)).toEqual(["disable", "require", "verify-ca", "verify-full"]);
  });

  test("the certificate is a file of the task, as it is", () => {
    const [template] = caFile(verified);
    expect(template).toMatchObject({ DestPath: caPath, Perms: "0644", ChangeMode: "noop" });
    expect(render([{ template: template!.EmbeddedTmpl }])[0]!.Output).toBe(verified.ca);
    expect(caFile(dns)).toEqual([]);
  });
});
