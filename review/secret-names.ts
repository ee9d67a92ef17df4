/** How a secret is known without Terraform's mark: by the name of its place, or by its looks. */

/** In any style: `DB_PASSWORD`, `--api-key`, `appKey`. */
const secretWords =
  /passw(or)?d|passphrase|pwd|secret|token|credential|api[_-]?key|(^|[_.-])(private|pass|keys?|dsn|salt|seed|cookie|jwt|auth|otp|pin|psk)$/i;
const secretHumps = /[a-z](Keys?|Pass|Dsn|Salt|Seed|Pin)$/;
/** What tells about a secret and is none: `password_wo_version`, `token_policies`, `PASSWORD_FILE`. */
const aboutSecrets =
  /(versions?|polic(y|ies)|type|period|ttl|uses|cidrs|length|file|path|mount|backend|roles?|encrypted_password)$/i;

/** The same names come again and again. */
const judged = new Map<string, boolean>();

export function isSecretName(name: string): boolean {
  let secret = judged.get(name);
  if (secret === undefined) {
    secret = (secretWords.test(name) || secretHumps.test(name)) && !aboutSecrets.test(name);
    judged.set(name, secret);
  }
  return secret;
}

/** The group is the secret. What begins like an expression (`{{`, `${`) is none. */
const looks: readonly RegExp[] = [
  // The password in a URL.
  /:\/\/[^\s:/@"'{}]*:([^\s/@"'{}()$]+)@/g,
  // PASSWORD=…, "password": "…", --token=…
  /(?:passw(?:or)?d|passphrase|secret|token|credential|api[_-]?key|[_-]key)\\?["']?\s*[=:]\s*\\?["']?(?![{$(/])([^\s"'\\,;{}()[\]$]{4,})/gi,
  // PASSWORD={{ "…" | toJSON }}: a fixed text, as our own templates write it.
  /(?:passw(?:or)?d|passphrase|secret|token|credential|api[_-]?key|[_-]key)=\{\{ "((?:[^"\\]|\\.)+)" \| toJSON \}\}/gi,
  // Tokens that name their maker, JWTs, private keys.
  /\b(hv[sbr]\.[\w-]{20,}|gh[pousr]_\w{20,}|glpat-[\w-]{20,}|AKIA[A-Z0-9]{16}|xox[abpr]-[\w-]{10,})/g,
  /\b(eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*)/g,
  /(-----BEGIN [A-Z ]*PRIVATE KEY-----[^]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$))/g,
];

/** What follows a secret's name in Vault's and Nomad's own words. */
const noSecret = /^(true|false|null|none|read|\d{1,3})$/i;

/** The secrets inside a text that is none itself. */
export function* secretsIn(text: string): Generator<string> {
  // Most texts are short words: what any of the patterns finds has one of these.
  if (!/[:=]|hv[sbr]\.|gh[pousr]_|glpat-|AKIA|xox|eyJ|-----/.test(text)) return;
  for (const look of looks)
    for (const [, secret] of text.matchAll(look)) if (!noSecret.test(secret!)) yield secret!;
}
