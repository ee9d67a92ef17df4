import { variablesIn, withoutVariables } from "../../nomad/env-template";
import type { Task } from "../../nomad/job";
import { isInAllocation, mountOf } from "../../nomad/mounts";
import { vaultReads } from "../../nomad/template-reads";

const envFile = (EmbeddedTmpl: string) => ({ DestPath: "secrets/x.env", Envvars: true, EmbeddedTmpl });
const without = (text: string, ...names: string[]) =>
  withoutVariables(envFile(text), new Set(names))?.EmbeddedTmpl;

test("lines that set a variable go, whole; blocks and other variables stay", () => {
  expect(without('A=1\nB={{ with secret "s" }}{{ .Data }}{{ end }}\n', "B")).toBe("A=1\n");
  expect(
    without('{{ with secret "s" }}\n  A="{{ .Data.a }}"\n  export B={{ .Data.b }}\n{{ end }}', "B"),
  ).toBe('{{ with secret "s" }}\n  A="{{ .Data.a }}"\n{{ end }}');
  // The block ends on another line: without this one, the template would be broken.
  expect(without('{{ with secret "s" }}A={{ .Data.a }}\nB=2\n{{ end }}', "A")).toBe(
    '{{ with secret "s" }}A={{ .Data.a }}\nB=2\n{{ end }}',
  );
});

test("a template without a variable left goes; one that is no env file stays", () => {
  expect(without("# the password\nA=1\n", "A")).toBeUndefined();
  const file = { DestPath: "local/app.conf", EmbeddedTmpl: "A=1\n" };
  expect(withoutVariables(file, new Set(["A"]))).toBe(file);
});

test("variables of an env file, with templates for values", () => {
  expect(variablesIn('A = 1\n#B=2\n  C="{{ .x }}"\n{{ with secret "s" }}D=4{{ end }}')).toEqual([
    ["A", "1"],
    ["C", '"{{ .x }}"'],
    ["D", "4{{ end }}"],
  ]);
});

test("what a template reads from Vault", () => {
  const { read, written, unknown } = vaultReads(`
    {{ with secret "secret/data/a" }}{{ .Data.data.x | toJSON }}{{ end }}
    {{- with $s := secret "kv/b?version=3" -}}{{ end }}
    {{ (secret \`secret/data/c\`).Data.data.y }}
    {{ with secret "pki/issue/web" "common_name=a" "ttl=1h" }}{{ end }}
    {{ with pkiCert "pki/issue/mail" (printf "common_name=%s" .x) }}{{ end }}
    {{ with secret (printf "secret/data/%s" (env "NAME")) }}{{ end }}
    {{/* secret "secret/data/comment" */}} secret "secret/data/text"
    {{ with nomadVar "nomad/jobs/x" }}{{ end }}`);
  expect(read).toEqual(["secret/data/a", "kv/b", "secret/data/c"]);
  expect(written).toEqual(["pki/issue/web", "pki/issue/mail"]);
  expect(unknown).toHaveLength(1);
  expect(vaultReads('[[ with secret "secret/data/d" ]][[ end ]]', "[[", "]]").read).toEqual([
    "secret/data/d",
  ]);
});

const task: Task = {
  Name: "app",
  Driver: "docker",
  Config: {
    image: "app:1",
    volumes: [
      "/srv/app:/data",
      "/srv/app/db:/data/db:ro",
      "local/x:/data/x",
      "${NOMAD_ALLOC_DIR}/y:/y",
      "named:/n/",
    ],
    mount: [{ type: "bind", source: "/srv/m", target: "/m", readonly: true }],
    mounts: [{ type: "tmpfs", target: "/t" }],
  },
  VolumeMounts: [{ Volume: "v", Destination: "/v" }],
};

test.each([
  ["/data/app.db", { kind: "docker", source: "/srv/app", readOnly: false }],
  ["/data/db/app.db", { kind: "docker", source: "/srv/app/db", readOnly: true }],
  ["/n/app.db", { kind: "docker", source: "named" }],
  ["/m/app.db", { source: "/srv/m", readOnly: true }],
  ["/v/app.db", { kind: "volume", source: "v" }],
  ["/database/app.db", undefined],
  ["/t/app.db", undefined],
])("%s is in the innermost mount", (file, found) => {
  const mount = mountOf(task, file);
  if (found === undefined) expect(mount).toBeUndefined();
  else expect(mount).toMatchObject(found);
});

test.each(["/data/x/app.db", "/y/app.db"])("%s ends with its allocation", (file) => {
  expect(isInAllocation(mountOf(task, file)!)).toBe(true);
});

test("a folder named for the job or the task outlives the allocation, and means the same in another task", () => {
  const bound = (source: string) =>
    mountOf(
      {
        Name: "db",
        Driver: "docker",
        Config: { image: "postgres:16", volumes: [`${source}:/var/lib/postgresql/data`] },
      },
      "/var/lib/postgresql/data",
    )!;
  const kept = bound("/storage/nomad/${NOMAD_JOB_NAME}/${NOMAD_TASK_NAME}");
  expect(isInAllocation(kept)).toBe(false);
  expect(kept.source).toBe("/storage/nomad/${NOMAD_JOB_NAME}/db");
  expect(isInAllocation(bound("/srv/${meta.pool}/${node.unique.name}"))).toBe(false);
  for (const gone of [
    "${NOMAD_ALLOC_DIR}/data",
    "/srv/${NOMAD_ALLOC_ID}",
    "${NOMAD_TASK_DIR}/data",
    "local/data",
  ])
    expect(isInAllocation(bound(gone))).toBe(true);
});
