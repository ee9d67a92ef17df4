/** What a reviewer has seen, to be compared with what a later plan would do. */
import { deflateRawSync, inflateRawSync } from "node:zlib";
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
  return `<!-- pgmoor reviewed ${commit} ${deflateRawSync(JSON.stringify(seen)).toString("base64url")} -->\n`;
}

/** @returns nothing, when a comment has no seal, or one of another commit */
export function unseal(comment: string, commit: string): Reviewed | undefined {
  const [, of, packed] = frame.exec(comment) ?? [];
  if (of !== commit || packed === undefined) return undefined;
  try {
    return reviewedSchema.parse(JSON.parse(inflateRawSync(Buffer.from(packed, "base64url")).toString()));
  } catch {
    return undefined;
  }
}
