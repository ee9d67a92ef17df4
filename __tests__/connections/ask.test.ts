import * as fs from "node:fs";
import * as http from "node:http";
import * as https from "node:https";
import type { AddressInfo } from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import type { TLSSocket } from "node:tls";
import { consulApi, nomadApi, vaultApi } from "../../connections/api";
import { ask } from "../../connections/ask";
import { makeAuthority, type Authority, type Signed } from "../../lab/servers/certificates";

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "pgmoor-connections-"));
const open: http.Server[] = [];
let authority: Authority;
let person: Signed;
/** Says who asks, and what for. Takes only people whose certificate the authority signed. */
let secure: string;

beforeAll(async () => {
  authority = await makeAuthority(path.join(folder, "ours"));
  const server = await authority.sign("server", ["vault.example"]);
  person = await authority.sign("person");
  secure = await listen(
    https.createServer({
      key: fs.readFileSync(server.key),
      cert: fs.readFileSync(server.cert),
      ca: fs.readFileSync(authority.ca),
      requestCert: true,
      rejectUnauthorized: true,
    }),
    "https",
  );
});

afterAll(() => {
  for (const server of open) server.close();
  fs.rmSync(folder, { recursive: true });
});

async function listen(server: http.Server, scheme: string): Promise<string> {
  server.on("request", (request: http.IncomingMessage, response: http.ServerResponse) => {
    const client = (request.socket as TLSSocket).getPeerCertificate?.().subject?.CN;
    const {
      "x-nomad-token": nomad,
      "x-vault-token": vault,
      "x-vault-namespace": namespace,
    } = request.headers;
    if (request.url === "/v1/moved") return void response.writeHead(307, { Location: "/v1/here" }).end();
    response.end(
      JSON.stringify({ client, url: request.url, method: request.method, nomad, vault, namespace }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  open.push(server);
  return `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const nomad = (address: string) => ({ address, datacenter: "dc1", namespace: "default" });
const vault = (address: string) => ({ address, mount: "secret", jwtAuth: "jwt", audience: "vault.io" });
const shown = () => ({ NOMAD_CLIENT_CERT: person.cert, NOMAD_CLIENT_KEY: person.key });

test("the person's certificate, token and region reach the server", async () => {
  const env = { ...shown(), NOMAD_CACERT: authority.ca, NOMAD_TOKEN: "t", NOMAD_REGION: "eu" };
  const { body } = await ask(nomadApi(nomad(secure), env), "/v1/jobs?namespace=x");
  expect(body).toEqual({
    client: "person",
    url: "/v1/jobs?namespace=x&region=eu",
    method: "GET",
    nomad: "t",
  });
});

test("what the environment says comes before the person's variables", async () => {
  const env = { ...shown(), NOMAD_CACERT: "/nowhere", NOMAD_REGION: "eu" };
  const api = nomadApi({ ...nomad(secure), region: "us", caFile: authority.ca }, env);
  expect((await ask(api, "/v1/jobs")).body).toMatchObject({ client: "person", url: "/v1/jobs?region=us" });

  const variables = {
    VAULT_CACERT: authority.ca,
    VAULT_CLIENT_CERT: person.cert,
    VAULT_CLIENT_KEY: person.key,
    VAULT_TOKEN: "root",
    VAULT_NAMESPACE: "theirs",
  };
  const inTeam = vaultApi({ ...vault(secure), namespace: "team" }, variables);
  expect((await ask(inTeam, "/v1/x", { body: {} })).body).toMatchObject({
    vault: "root",
    namespace: "team",
    method: "POST",
  });
  expect((await ask(vaultApi(vault(secure), variables), "/v1/x")).body).toMatchObject({
    namespace: "theirs",
  });
});

test("without trust, or without a certificate, there is no answer, and the reason is told", async () => {
  const trouble = async (env: NodeJS.ProcessEnv) => {
    const answer = await ask(nomadApi(nomad(secure), env), "/v1/jobs");
    return answer.status === undefined ? answer.why : `HTTP ${answer.status}`;
  };
  expect(await trouble(shown())).toMatch(/authority that is not trusted here.*NOMAD_CACERT/);
  expect(await trouble({ NOMAD_CACERT: authority.ca })).toMatch(/client certificate.*NOMAD_CLIENT_CERT/);
  const named = { ...shown(), NOMAD_CACERT: authority.ca, NOMAD_TLS_SERVER_NAME: "server.global.nomad" };
  expect(await trouble(named)).toMatch(/certificate for another name.*NOMAD_TLS_SERVER_NAME/);
  expect(await trouble({ ...named, NOMAD_TLS_SERVER_NAME: "vault.example" })).toBe("HTTP 200");
  expect(await trouble({ ...shown(), NOMAD_SKIP_VERIFY: "true" })).toBe("HTTP 200");
});

test("a folder of authorities, and Consul's switch from HTTP to TLS", async () => {
  const folderOf = path.dirname(authority.ca);
  const only = path.join(folder, "authorities");
  fs.mkdirSync(only);
  fs.copyFileSync(path.join(folderOf, "ca.pem"), path.join(only, "ca.pem"));
  const env = {
    CONSUL_CAPATH: only,
    CONSUL_CLIENT_CERT: person.cert,
    CONSUL_CLIENT_KEY: person.key,
    CONSUL_HTTP_SSL: "true",
  };
  const plain = { address: secure.replace("https", "http") };
  expect((await ask(consulApi(plain, env), "/v1/kv/x")).status).toBe(200);
  expect((await ask(consulApi(plain, { ...env, CONSUL_HTTP_SSL: "" }), "/v1/kv/x")).status).not.toBe(200);
});

test("a server without TLS, one that is not there, and one that is elsewhere", async () => {
  const plain = await listen(http.createServer(), "http");
  const tls = await ask(nomadApi(nomad(plain.replace("http", "https")), {}), "/v1/jobs");
  expect(tls.status === undefined && tls.why).toMatch(/does not speak TLS/);
  const gone = await ask(nomadApi(nomad("http://127.0.0.1:1"), {}), "/v1/jobs");
  expect(gone).toMatchObject({ status: undefined, why: "does not answer" });
  expect((await ask(nomadApi(nomad(plain), {}), "/v1/moved")).body).toMatchObject({ url: "/v1/here" });
});

test("files that cannot be read, and a certificate without its key, are the person's to mend", () => {
  expect(() => nomadApi(nomad(secure), { NOMAD_CACERT: "/nowhere/ca.pem" })).toThrow(
    "/nowhere/ca.pem (NOMAD_CACERT) cannot be read.",
  );
  expect(() => vaultApi({ ...vault(secure), caFile: "/nowhere/ca.pem" }, {})).toThrow(
    "/nowhere/ca.pem (vault.caFile of the environment) cannot be read.",
  );
  expect(() => nomadApi(nomad(secure), { NOMAD_CLIENT_CERT: person.cert })).toThrow(
    "Set both NOMAD_CLIENT_CERT and NOMAD_CLIENT_KEY, or neither",
  );
});
