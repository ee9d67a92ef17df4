import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { arch, tmpdir } from "node:os";
import { join } from "node:path";
import { pinned, realProvidersAvailable } from "../../../lab/providers/available";

jest.setTimeout(30_000);

const platform = `${process.platform}_${arch() === "x64" ? "amd64" : arch()}`;

let folder: string;
let env: NodeJS.ProcessEnv;
beforeEach(async () => {
  // A folder that Terraform takes as its only source of providers: no network is asked.
  folder = await mkdtemp(join(tmpdir(), "pgmoor-mirror-"));
  const config = join(folder, "terraform.rc");
  const mirror = join(folder, "mirror");
  await mkdir(mirror);
  await writeFile(
    config,
    `provider_installation {\n  filesystem_mirror {\n    path = ${JSON.stringify(mirror)}\n  }\n}\n`,
  );
  env = { PATH: process.env.PATH, HOME: folder, TF_CLI_CONFIG_FILE: config };
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Puts into the mirror what is enough for Terraform to install a provider: it does not run it. */
async function offer(source: string, version: string): Promise<void> {
  const place = join(folder, "mirror", "registry.terraform.io", source, version, platform);
  const program = join(place, `terraform-provider-${source.split("/").at(-1)}_v${version}`);
  await mkdir(place, { recursive: true });
  await writeFile(program, "#!/bin/sh\nexit 1\n");
  await chmod(program, 0o755);
}

test("the real providers are available when Terraform can install all of them, at their versions", async () => {
  const providers = Object.values(pinned);
  const last = providers.at(-1) ?? pinned.vault;
  for (const { source, version } of providers.slice(0, -1)) await offer(source, version);
  await offer(last.source, "0.0.1");

  expect(await realProvidersAvailable(20, env)).toBe(false);
  await offer(last.source, last.version);
  expect(await realProvidersAvailable(20, env)).toBe(true);
});

test("stand-ins that are attached do not count as available", async () => {
  const attached = Object.values(pinned).map(({ source }) => [
    `registry.terraform.io/${source}`,
    {
      Protocol: "grpc",
      ProtocolVersion: 6,
      Pid: 1,
      Test: true,
      Addr: { Network: "tcp", String: "127.0.0.1:1" },
    },
  ]);
  env.TF_REATTACH_PROVIDERS = JSON.stringify(Object.fromEntries(attached));

  expect(await realProvidersAvailable(20, env)).toBe(false);
});

test("without a Terraform there is none", async () => {
  expect(await realProvidersAvailable(20, { ...env, PATH: folder })).toBe(false);
});
