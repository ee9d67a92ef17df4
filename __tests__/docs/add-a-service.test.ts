import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import ts from "typescript";
import { homelab } from "../../environments/homelab";
import { validate } from "../../environments/model/validate";
import type { ServiceDefinition } from "../../services/definition";
import { jobOf, synthesize } from "../stacks/synthesize";

/** The module of the page's first example. */
function example(page: string): Record<string, ServiceDefinition> {
  const text = readFileSync(resolve(__dirname, "../../docs", page), "utf8");
  const [, code] = /```ts\n([\s\S]*?)```/.exec(text) ?? [];
  const { outputText } = ts.transpileModule(code!, { compilerOptions: { module: ts.ModuleKind.CommonJS } });
  const exported: Record<string, ServiceDefinition> = {};
  // eslint-disable-next-line @typescript-eslint/no-implied-eval, @typescript-eslint/no-unsafe-call
  new Function("exports", "require", outputText)(exported, (name: string) =>
    jest.requireActual<object>(resolve(__dirname, "../../services", name)),
  );
  return exported;
}

test("the example of a service of one's own is about twenty lines, valid, and becomes a stack", () => {
  const { linkding } = example("add-a-service.md");
  const environment = {
    ...homelab,
    services: [...homelab.services, { definition: linkding!, phase: "prepared" as const }],
  };
  validate(environment);
  const job = jobOf(synthesize({ ...environment, services: environment.services.slice(-1) }).linkding!);
  expect(job.ID).toBe("linkding");
});
