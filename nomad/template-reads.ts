/** What a template that somebody wrote reads from Vault. */

export interface VaultReads {
  /** Paths of Vault's API: `secret/data/gitea`. */
  readonly read: readonly string[];
  /** Paths that the template writes to, such as the one that issues a certificate: it gives parameters. */
  readonly written: readonly string[];
  /** Calls whose path only Nomad knows when it renders. */
  readonly unknown: readonly string[];
}

/** A call of `secret` or `pkiCert`, up to the end of its action or pipeline. */
const call = /\b(secret|pkiCert)\s+(?:"([^"]*)"|`([^`]*)`|(\([^)]*\)|[$.\w]+))\s*([^}|)]*)/g;
const action = /\{\{(?!-?\s*\/\*)([\s\S]*?)\}\}/g;

/** The template as it would be with `{{` and `}}`. */
export function withUsualDelimiters(text: string, left = "{{", right = "}}"): string {
  return left === "" || left === "{{" ? text : text.replaceAll(left, "{{").replaceAll(right, "}}");
}

/** @param left, @param right the template's delimiters */
export function vaultReads(text: string, left = "{{", right = "}}"): VaultReads {
  const template = withUsualDelimiters(text, left, right);
  const reads = { read: new Set<string>(), written: new Set<string>(), unknown: new Set<string>() };
  for (const [, body] of template.matchAll(action))
    for (const [whole, , quoted, raw, computed, parameters] of body!.matchAll(call)) {
      const path = quoted ?? raw;
      if (computed !== undefined || path === undefined) reads.unknown.add(whole.trim());
      else if (/^["`(]/.test(parameters!.trim())) reads.written.add(path);
      else reads.read.add(path.replace(/\?.*$/, ""));
    }
  return { read: [...reads.read], written: [...reads.written], unknown: [...reads.unknown] };
}
