import { homelab } from "../../environments/homelab";
import type { Phase } from "../../environments/model/environment";
import { jobOf, synthesize, type Json } from "../stacks/synthesize";
import { definitionOf, drafted, type JobName } from "./jobs";

function stackOf(name: JobName, phase: Phase): Json {
  const definition = definitionOf(name);
  const existing = drafted(name).existing;
  return synthesize({ ...homelab, services: [{ definition, phase, existing }] })[definition.name]!;
}

const only = (stack: Json, type: string): Json =>
  Object.values((stack.resource as Record<string, Json>)[type]!)[0] as Json;

const postconditionsOf = ({ lifecycle }: Json) => (lifecycle as { postcondition: Json[] }).postcondition;

test("a job may read what its templates name, in the words of its person's templates, and nothing else", () => {
  const { policy } = only(stackOf("reader", "prepared"), "vault_policy");
  expect(policy).toBe(
    [
      'path "secret/data/postgres/reader" {\n  capabilities = ["read"]\n}\n',
      'path "pki/issue/reader" {\n  capabilities = ["create","update"]\n}\n',
    ].join(""),
  );
  const forge = only(stackOf("forge", "cutover"), "vault_policy").policy as string;
  expect(forge.match(/path "[^"]*"/g)).toEqual([
    'path "secret/data/postgres/forge"',
    'path "secret/data/forge/mail"',
  ]);
});

test("job, role and guard have the job's own ID, whatever the service is called", () => {
  const stack = stackOf("dashboards", "prepared");
  expect(only(stack, "vault_jwt_auth_backend_role").bound_claims).toEqual({
    nomad_namespace: "default",
    nomad_job_id: "Dash_Boards",
  });
  expect(stack.import).toContainEqual({ id: "Dash_Boards@default", to: "nomad_job.dash_boards" });
  expect(JSON.stringify((stack.data as Json).nomad_allocations)).toMatch(/Dash_Boards/);
  expect(jobOf(stack)).toEqual(definitionOf("dashboards").jobspec);
});

test("a job on its source is expected without a version of pgmoor's; one that moves, with it", () => {
  const conditionOf = (phase: Phase) =>
    String(postconditionsOf(only(stackOf("forge", phase), "nomad_job"))[1]!.condition);
  expect(conditionOf("prepared")).toMatch(/!= "" \|\|/);
  expect(conditionOf("cutover")).toMatch(/!= "[0-9a-f]{12}" \|\|/);
});
