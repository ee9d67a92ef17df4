import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App } from "cdktf";
import type { Environment, Runner } from "../../environments/model/environment";
import { homelab } from "../../environments/homelab";
import { validate } from "../../environments/model/validate";
import { readPolicy } from "../../review/vault-policy";
import { RunnerStack } from "../../stacks/runner-stack";
import { synthesize, type Json } from "./synthesize";

const inConsul: Environment = { ...homelab, states: { in: "consul", path: "pgmoor/states" } };
const runner: Runner = {
  jwtAuth: "jwt-github",
  userClaim: "repository",
  plan: { repository: "me/homelab", event_name: "pull_request" },
  deploy: { repository: "me/homelab", environment: "homelab" },
};

test("a state in Consul is locked, and its token is in no synthesized file", () => {
  process.env.CONSUL_HTTP_TOKEN = "t0ken-of-consul";
  try {
    const stack = synthesize(inConsul).vaultwarden!;
    expect(stack.terraform.backend).toEqual({
      consul: {
        address: "10.0.0.50:8500",
        gzip: false,
        lock: true,
        path: "pgmoor/states/vaultwarden",
        scheme: "http",
      },
    });
    expect(JSON.stringify(stack)).not.toContain("t0ken-of-consul");
  } finally {
    delete process.env.CONSUL_HTTP_TOKEN;
  }
});

function runnerStack(): Json {
  const outdir = mkdtempSync(join(tmpdir(), "pgmoor-runner-"));
  try {
    const app = new App({ outdir, skipValidation: true });
    new RunnerStack(app, inConsul, runner);
    app.synth();
    return JSON.parse(readFileSync(join(outdir, "stacks/runner/cdk.tf.json"), "utf8")) as Json;
  } finally {
    rmSync(outdir, { recursive: true });
  }
}

test("the runner's roles: one reads, one writes; each bound to its jobs, neither to itself", () => {
  const { vault_policy: policies, vault_jwt_auth_backend_role: roles } = runnerStack().resource as Json;
  const [plan, deploy] = [policies.runner_plan, policies.runner_deploy].map(({ policy }) =>
    readPolicy(policy as string)!,
  );
  expect([...new Set([...plan!.values()].flatMap((all) => [...all]))]).toEqual(["read"]);
  expect(deploy!.get("sys/policies/acl/pgmoor-*")).toEqual(new Set(["create", "read", "update"]));
  // What a deploy may write begins with pgmoor-: not the policies of the runner.
  expect(policies.runner_deploy.name).toBe("runner-pgmoor-deploy");
  expect(roles.runner_plan.bound_claims).toEqual(runner.plan);
  expect(roles.runner_deploy).toMatchObject({ bound_claims: runner.deploy, token_ttl: 21_600 });
});

test.each([
  ["a runner without claims", { runner: { ...runner, plan: {} } }, "runner.plan: no claim is bound"],
  [
    "a path that is none",
    { states: { in: "consul", path: "/pgmoor/" } as const },
    'states.path: "/pgmoor/" is not',
  ],
])("%s is refused", (_what, change, message) => {
  expect(() => validate({ ...inConsul, ...change })).toThrow(message);
});
