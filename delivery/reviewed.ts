/** What a reviewer has seen, to be compared with what a later plan would do. */
import { brotliCompressSync, brotliDecompressSync, constants } from "node:zlib";
import { z } from "zod";
import type { Review, ServiceReview } from "../review/review";

const reviewedSchema = z.object({
  verdict: z.enum(["pass", "fail"]),
  /** Of each service that changes: its risks and the changes of its resources, as words that can be compared. */
  services: z.record(z.string(), z.array(z.string())),
});
export type Reviewed = z.infer<typeof reviewedSchema>;

export function reviewed({ verdict, services }: Review): Reviewed {
  const changing = services
    .map((service) => [service.service, wordsOf(service)] as const)
    .filter(([, words]) => words.length > 0);
  return { verdict, services: Object.fromEntries(changing) };
}

function wordsOf({ findings, details }: ServiceReview): string[] {
  return [
    ...new Set([
      ...findings.map(({ risk, rule, address }) => `${risk}: ${rule} ${address}`),
      ...details.map(({ action, address }) => `${action} ${address}`),
    ]),
  ];
}

/** What a plan would do that nobody has reviewed; nothing: it may be applied. */
export function worseThan({ services }: Reviewed, now: ServiceReview): string[] {
  const known = new Set(services[now.service] ?? []);
  return wordsOf(now).filter((word) => !known.has(word));
}

const frame = /<!-- pgmoor reviewed ([\w-]+) ([\w-]+) -->/;

/** A line for the end of a comment, which nobody sees. @param commit what was reviewed */
export function seal(seen: Reviewed, commit: string): string {
  // The services' own names are what differs from one to the next: without them a thousand fit into a few kilobytes.
  const services = mapWords(seen, (word, name) => word.replaceAll(name, itself));
  const packed = brotliCompressSync(JSON.stringify({ ...seen, services }), quick);
  return `<!-- pgmoor reviewed ${commit} ${packed.toString("base64url")} -->\n`;
}

/** @returns nothing, when a comment has no seal, or one of another commit */
export function unseal(comment: string, commit: string): Reviewed | undefined {
  const [, of, packed] = frame.exec(comment) ?? [];
  if (of !== commit || packed === undefined) return undefined;
  try {
    const unpacked = brotliDecompressSync(Buffer.from(packed, "base64url")).toString();
    const seen = reviewedSchema.parse(JSON.parse(unpacked));
    return { ...seen, services: mapWords(seen, (word, name) => word.replaceAll(itself, name)) };
  } catch {
    return undefined;
  }
}

/** Stands for the service's name; no address has it. */
const itself = "~";
const quick = { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } };

function mapWords({ services }: Reviewed, map: (word: string, name: string) => string): Reviewed["services"] {
  return Object.fromEntries(
    Object.entries(services).map(([service, words]) => [
      service,
      words.map((word) => map(word, service.replaceAll("-", "_"))),
    ]),
  );
}
