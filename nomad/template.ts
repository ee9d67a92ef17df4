/**
 * Templates of Nomad (consul-template's language), put together from parts so that no value can break out of its place:
 * every fixed text becomes a Go string literal, every line of an env file a JSON string, which is how Nomad's reader of
 * env files (hashicorp/go-envparse) unquotes a value in double quotes.
 */
import type { Template, TextTemplate } from "./job";

/** Something that a template action can print: a Go template pipeline. */
export class Expression {
  constructor(readonly go: string) {}
}

/** A fixed text, printed as a Go string literal. JSON's escapes are Go's, but for lone surrogates: neither has a place. */
class FixedText extends Expression {
  constructor(readonly value: string) {
    if (!value.isWellFormed())
      throw new RangeError("a text with a lone surrogate cannot be written to a template");
    super(JSON.stringify(value));
  }
}

/** JSON with expressions in the places of values that only Nomad knows. */
export type JsonTemplate =
  string | number | boolean | Expression | readonly JsonTemplate[] | { readonly [key: string]: JsonTemplate };

export function text(value: string): Expression {
  return new FixedText(value);
}

/** The parts printed one after the other, as a string. */
export function join(...parts: readonly Expression[]): Expression {
  const merged: Expression[] = [];
  for (const part of parts) {
    const last = merged.at(-1);
    if (part instanceof FixedText && last instanceof FixedText)
      merged[merged.length - 1] = new FixedText(last.value + part.value);
    else merged.push(part);
  }
  if (merged.length === 1 && merged[0] instanceof FixedText) return merged[0];
  return new Expression(
    `(printf "${"%v".repeat(merged.length)}" ${merged.map((part) => part.go).join(" ")})`,
  );
}

/**
 * Percent-encoded for any place of a URL. Go's `urlquery` writes a space as `+`, which libpq does not read back; every
 * other `+` is `%2B` by then.
 */
export function percentEncoded(value: Expression): Expression {
  if (value instanceof FixedText) return new FixedText(encodeURIComponent(value.value));
  return new Expression(`(${value.go} | urlquery | replaceAll "+" "%20")`);
}

/** One variable of an env file. The name is the caller's to validate (letters, digits, underscores). */
export function envLine(name: string, value: Expression): string {
  return `${name}={{ ${value.go} | toJSON }}\n`;
}

/** Fixed text outside of actions: a brace that could open an action, alone or with what follows, is printed by one. */
export function fixedText(value: string): string {
  return value.replace(/\{{2,}|\{$/g, (braces) => `{{ ${JSON.stringify(braces)} }}`);
}

/** JSON text, as a file's content. */
export function json(value: JsonTemplate): string {
  if (value instanceof Expression) return `{{ ${value.go} | toJSON }}`;
  if (Array.isArray(value)) return `[${value.map(json).join(", ")}]`;
  if (typeof value === "object")
    return `{ ${Object.entries(value)
      .map(([key, member]) => `${fixedText(JSON.stringify(key))}: ${json(member)}`)
      .join(", ")} }`;
  return fixedText(JSON.stringify(value));
}

/** A variable of the task's environment, as Nomad gives it: `NOMAD_PORT_http`. */
export function taskVariable(name: string): Expression {
  return new Expression(`(env ${JSON.stringify(name)})`);
}

/**
 * `body` with the fields of a Vault KV v2 secret at hand. Rendering waits until the secret can be read; a missing field
 * fails the template (`ErrMissingKey`) instead of printing `<no value>`. Field names are letters, digits, underscores.
 *
 * @param mount the KV mount, `secret`
 * @param name the secret's name below it, `postgres/vaultwarden`
 */
export function withSecret(
  mount: string,
  name: string,
  body: (field: (name: string) => Expression) => string,
): string {
  const field = (key: string): Expression => {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(key))
      throw new RangeError(`not a field that a template can name: ${key}`);
    return new Expression(`$secret.Data.data.${key}`);
  };
  return `{{ with $secret := secret ${JSON.stringify(`${mount}/data/${name}`)} }}${body(field)}{{ end }}`;
}

/**
 * `body` with address and port of one instance of a Consul service: right with none, one and several. Several: the first
 * by node and id, so that all readers agree. None that passes its checks: the first that is registered, so that a blip of
 * health moves nobody. None at all: rendering waits (what was rendered before stays), by asking for a key that is not
 * there; its name shows in the task's events.
 */
export function withService(
  service: string,
  body: (address: Expression, port: Expression) => string,
): string {
  return [
    `{{ $instances := service ${JSON.stringify(service)} }}`,
    `{{ if not $instances }}{{ $instances = service ${JSON.stringify(`${service}|any`)} }}{{ end }}`,
    `{{ if $instances }}{{ with $instance := index $instances 0 }}`,
    body(new Expression("$instance.Address"), new Expression("$instance.Port")),
    `{{ end }}{{ else }}{{ key ${JSON.stringify(`pgmoor/waiting-for-service/${service}`)} }}{{ end }}`,
  ].join("");
}

/** Brackets around an IPv6 address, as a URL wants it. */
export function urlHost(address: Expression): Expression {
  if (address instanceof FixedText)
    return address.value.includes(":") ? new FixedText(`[${address.value}]`) : address;
  return new Expression(`(${address.go} | regexReplaceAll "^(.*:.*)$" "[$1]")`);
}

/** A file of variables for the task. `onChange`: what becomes of the task when a value changes. */
export function envFile(path: string, lines: string, onChange: Template["ChangeMode"]): TextTemplate {
  return {
    EmbeddedTmpl: lines,
    DestPath: path,
    Envvars: true,
    Perms: "0600",
    ChangeMode: onChange,
    ErrMissingKey: true,
  };
}

/** A file the task reads at its start. */
export function file(path: string, content: string, perms: "0644" | "0755"): TextTemplate {
  return {
    EmbeddedTmpl: content,
    DestPath: path,
    Envvars: false,
    Perms: perms,
    ChangeMode: "noop",
    ErrMissingKey: true,
  };
}
