import type { Task } from "../../nomad/job";
import { withService } from "../../adopt/values";

const task = (EmbeddedTmpl: string) => ({ Templates: [{ EmbeddedTmpl, Envvars: true }] }) as unknown as Task;

test.each([
  [
    '{{ range service "postgresql" }}\nDB_HOST={{ .Address }}\n{{ end }}',
    '{{ service "postgresql" }}{{ .Address }}',
  ],
  [
    '{{ range service "mail" }}M={{ .Port }}{{ end }}{{ with service "db" }}DB_HOST={{ .Address }}{{ end }}',
    '{{ service "db" }}{{ .Address }}',
  ],
  ["DB_HOST={{ .Address }}", "{{ .Address }}"],
])("%s: the address is of the service whose block it stands in", (template, told) => {
  expect(withService("{{ .Address }}", task(template))).toBe(told);
});
