import type { Task } from "../../nomad/job";
import { secretVariables } from "../../adopt/plain-secrets";
import { valuesOf, withService } from "../../adopt/values";

const task = (EmbeddedTmpl: string) => ({ Templates: [{ EmbeddedTmpl, Envvars: true }] }) as unknown as Task;

test.each([
  [
    '{{ range service "postgresql" }}\nDB_HOST={{ .Address }}\n{{ end }}',
    '{{ service "postgresql" }}{{ .Address }}',
  ],
  [
    '{{ range service "mail" }}\nMAIL={{ .Address }}\n{{ end }}\n{{ with service "db" }}DB_HOST={{ .Address }}{{ end }}',
    '{{ service "db" }}{{ .Address }}',
  ],
  ["DB_HOST={{ .Address }}", "{{ .Address }}"],
])("%s: the address is of the service whose block it stands in", (template, told) => {
  expect(withService("{{ .Address }}", valuesOf(task(template)).get("DB_HOST")!)).toBe(told);
});

test("of two values that exclude each other, the first", () => {
  const template =
    '{{ range service "db" }}\nURL="postgres://{{ .Address }}/a"\n{{ else }}\nURL="none"\n{{ end }}';
  expect(valuesOf(task(template)).get("URL")!.text).toBe("postgres://{{ .Address }}/a");
  expect(valuesOf(task("URL=one\nURL=two")).get("URL")!.text).toBe("two");
});

test("a template with delimiters of its own is rendered, and no secret in plain sight", () => {
  const EmbeddedTmpl =
    'DB_PASSWORD=[[ with secret "kv/data/a" ]][[ .Data.data.password ]][[ end ]]\nAPI_TOKEN=typed-in';
  const one = {
    Templates: [{ EmbeddedTmpl, Envvars: true, LeftDelim: "[[", RightDelim: "]]" }],
  } as unknown as Task;
  expect(valuesOf(one).get("DB_PASSWORD")!.rendered).toBe(true);
  expect(secretVariables(one)).toEqual(["API_TOKEN"]);
});
