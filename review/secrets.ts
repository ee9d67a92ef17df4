/** Secrets are taken out of what is read before anything looks at it, so that nothing that comes after can show them. */
import { isSecretName, secretsIn } from "./secret-names";

const hidden = /\(hidden \d+\)/;

/** Whether a secret stood here. */
export function isHidden(value: unknown): boolean {
  return typeof value === "string" && hidden.test(value);
}

/** Shorter ones are hidden only where they stand: elsewhere they may be any word. So are names, such as a user's. */
const shortest = 6;
const plainName = /^[a-z][a-z_.-]{0,23}$/;
/** What may stand in the place of a secret and is none: nothing, a switch, a path, an expression that says where it is. */
const harmless = /^(|true|false|null|none|\/[\w./-]*|\{\{[^"]*\}\}|\$\{[^}]*\})$/;

/**
 * All secrets of a review. Every value is shown to it first (`note`) and rewritten later (`conceal`): a secret that is known
 * by its place or its looks anywhere is hidden everywhere.
 */
export class Secrets {
  /** The same secret has the same number, so that a change of it can still be seen. */
  private readonly markers = new Map<string, string>();
  /** Spellings to look for everywhere, and what takes their place. */
  private readonly spellings = new Map<string, string>();
  private pattern: RegExp | undefined;

  /** @param marks Terraform's `before_sensitive` or `after_sensitive` of this value */
  note(value: unknown, marks?: unknown): void {
    rewrite(value, marks, (text, { secret, name }) => {
      if (secret) this.remember(text, isSecretName(name) || !plainName.test(text));
      else for (const found of secretsIn(text)) this.remember(found, true);
      return text;
    });
  }

  /** @returns the value without secrets */
  conceal<T>(value: T, marks?: unknown): T {
    if (this.markers.size === 0) return value;
    return rewrite(value, marks, (text, { secret }) =>
      secret && !harmless.test(text) ? this.marker(text) : this.text(text),
    ) as T;
  }

  /** A text without any secret that is known. */
  text(value: string): string {
    if (this.spellings.size === 0) return value;
    this.pattern ??= new RegExp(
      [...this.spellings.keys()]
        .sort((a, b) => b.length - a.length)
        .map((spelling) => spelling.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))
        .join("|"),
      "g",
    );
    return value.replace(this.pattern, (spelling) => this.spellings.get(spelling)!);
  }

  private remember(secret: string, everywhere: boolean): void {
    if (harmless.test(secret)) return;
    const marker = this.marker(secret);
    if (!everywhere || secret.length < shortest) return;
    for (const part of [secret, ...secret.split("\n").filter((line) => line.length >= 16)])
      for (const spelling of spellingsOf(part)) {
        if (this.spellings.has(spelling)) continue;
        this.spellings.set(spelling, marker);
        this.pattern = undefined;
      }
  }

  private marker(secret: string): string {
    let marker = this.markers.get(secret);
    if (marker === undefined) this.markers.set(secret, (marker = `(hidden ${this.markers.size + 1})`));
    return marker;
  }
}

/** A secret as it may be written: as it is, in JSON once and twice, in a URL, in base64 and hexadecimal. */
function spellingsOf(secret: string): string[] {
  const json = (text: string): string => JSON.stringify(text).slice(1, -1);
  const bytes = Buffer.from(secret);
  return [
    secret,
    json(secret),
    json(json(secret)),
    encodeURIComponent(secret.toWellFormed()),
    bytes.toString("base64").replace(/=+$/, ""),
    bytes.toString("base64url"),
    bytes.toString("hex"),
  ];
}

interface Place {
  /** Whether its name, or the provider's schema, says that it is a secret. */
  readonly secret: boolean;
  readonly name: string;
}

/** The value with every text, and every secret number, as `leaf` would have it: itself where nothing is another. */
function rewrite(
  value: unknown,
  marks: unknown,
  leaf: (text: string, place: Place) => string,
  place: Place = { secret: false, name: "" },
): unknown {
  const secret = place.secret || marks === true;
  if (typeof value === "string") return leaf(value, { secret, name: place.name });
  if (typeof value === "number" && secret) return leaf(String(value), { secret, name: place.name });
  if (typeof value !== "object" || value === null) return value;
  const marksOf = (key: string): unknown =>
    typeof marks === "object" && marks !== null ? (marks as Record<string, unknown>)[key] : undefined;
  const keys = Object.keys(value);
  const members = value as Record<string, unknown>;
  const isList = Array.isArray(value);
  let changed: [string, unknown][] | undefined;
  keys.forEach((key, index) => {
    const member = members[key];
    const name = isList ? (flagBefore(value, index) ?? place.name) : key;
    const known = isList ? name !== place.name : isSecretName(key);
    const newKey = isList ? key : leaf(key, unnamed);
    const newMember = rewrite(member, marksOf(key), leaf, { secret: secret || known, name });
    if (changed === undefined && newKey === key && newMember === member) return;
    changed ??= keys.slice(0, index).map((before) => [before, members[before]]);
    changed.push([newKey, newMember]);
  });
  if (changed === undefined) return value;
  return isList ? changed.map(([, member]) => member) : Object.fromEntries(changed);
}

const unnamed: Place = { secret: false, name: "" };

/** `--password`, of what follows it in a list of arguments. */
function flagBefore(list: readonly unknown[], index: number): string | undefined {
  const before = list[index - 1];
  return typeof before === "string" && /^--?[\w-]+$/.test(before) && isSecretName(before)
    ? before
    : undefined;
}
