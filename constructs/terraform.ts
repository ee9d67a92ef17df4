/** What cdktf 0.21 has no class for: ephemeral resources, `removed` blocks, and text that Terraform must not interpolate. */
import { TerraformStack, type TerraformResource } from "cdktf";
import type { Construct } from "constructs";

const graphemes = new Intl.Segmenter();

/**
 * Whether Unicode joins the character to the one after it (Grapheme_Cluster_Break=Prepend, as U+0600). Terraform's JSON reader
 * steps over such a pair at once, and misses a closing quote or a backslash in it (hcl 2.24, json/scanner.go, scanString).
 */
function joinsNext(character: string): boolean {
  return [...graphemes.segment(`${character}"`)].length === 1;
}

/** A character in ASCII, in a string of Terraform's expressions. */
function escaped(character: string): string {
  return `\\U${character.codePointAt(0)!.toString(16).padStart(8, "0")}`;
}

/**
 * Text as Terraform reads it back, whatever it holds. `${` and `%{` would open an interpolation, and a character that joins
 * the next one would hide the end of the text: an expression makes it.
 */
export function literal(value: string): string {
  return value
    .replace(/([$%])\{/g, "$1$1{")
    .replace(/([$%]*)(\P{ASCII})/gu, (text, before: string, character: string) =>
      joinsNext(character) ? `\${"${before}${escaped(character)}"}` : text,
    );
}

/** `value` as a Terraform string in an expression. JSON's escapes are Terraform's, but for `\b` and `\f`. */
export function quoted(value: string): string {
  const longForm: Readonly<Record<string, string>> = { b: "\\u0008", f: "\\u000c" };
  const json = JSON.stringify(value).replace(
    /\\(.)/g,
    (escape, letter: string) => longForm[letter] ?? escape,
  );
  return literal(json);
}

/**
 * Adds an ephemeral resource: it is opened at each plan and apply and is in neither plan nor state.
 *
 * @returns its address, for expressions: `ephemeral.random_password.vaultwarden`
 */
export function ephemeral(
  scope: Construct,
  type: string,
  name: string,
  config: Record<string, unknown>,
): string {
  TerraformStack.of(scope).addOverride(`ephemeral.${type}.${name}`, config);
  return `ephemeral.${type}.${name}`;
}

const forgotten = new WeakMap<TerraformStack, readonly string[]>();

/**
 * Has Terraform forget resources and leave what they stand for as it is. An address that the state does not have is allowed;
 * one that the configuration has is not.
 */
export function forget(scope: Construct, addresses: readonly string[]): void {
  const stack = TerraformStack.of(scope);
  const all = [...(forgotten.get(stack) ?? []), ...addresses];
  forgotten.set(stack, all);
  stack.addOverride(
    "removed",
    all.map((from) => ({ from, lifecycle: { destroy: false } })),
  );
}

/** Names a resource by what it is, so that its address stays when constructs are moved about. */
export function named<T extends TerraformResource>(resource: T, name: string): T {
  resource.overrideLogicalId(name);
  return resource;
}

/** A service's or an extension's name as Terraform's address has it. */
export function addressName(name: string): string {
  return name.replaceAll("-", "_");
}
