/** The review for a terminal. */
import { detailLines, printable } from "./markdown";
import type { Finding, Review, ServiceReview } from "./review";
import { riskWords, risksOf, verdictLine } from "./verdict";

const codes = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33 } as const;
type Colour = keyof typeof codes;

/** @param colours whether the terminal has them */
export function renderText(review: Review, colours: boolean): string {
  const paint = (colour: Colour, text: string): string =>
    colours ? `\x1b[${codes[colour]}m${text}\x1b[0m` : text;
  const width = Math.max(7, ...review.services.map(({ service }) => service.length));
  const serviceLine = (service: ServiceReview): string => {
    const fails = service.findings.some((finding) => finding.fails);
    const words =
      service.happens.length === 0 ? paint("dim", "nothing") : printable(service.happens.join("; "));
    const risk = risksOf(service)
      .map((one) => riskWords[one])
      .join(", ");
    return `  ${printable(service.service).padEnd(width)}  ${words}${risk === "" ? "" : `  ${paint(fails ? "red" : "yellow", `[${risk}]`)}`}`;
  };
  const findingLine = ({ risk, rule, address, reason, allowed, fails }: Finding): string => {
    const hint = allowed
      ? " Allowed."
      : fails && risk !== "failed"
        ? ` To allow it: pgmoor: allow ${rule} ${address}`
        : "";
    return `  ${paint(fails ? "red" : "yellow", riskWords[risk])} ${printable(address)} ${printable(reason)}${printable(hint)}`;
  };
  const details = ({ service, details }: ServiceReview): string[] =>
    details.length === 0
      ? []
      : [
          "",
          paint("bold", printable(service)),
          ...details
            .map(detailLines)
            .join("")
            .trimEnd()
            .split("\n")
            .map((line) => {
              const colour = ({ "+": "green", "-": "red", "@": "bold" } as const)[line.charAt(0)];
              return `  ${colour === undefined ? line : paint(colour, line)}`;
            }),
        ];
  const findings = review.services.flatMap((service) => service.findings);
  return [
    paint(review.verdict === "fail" ? "red" : "green", verdictLine(review)),
    "",
    ...review.services.map(serviceLine),
    ...(findings.length > 0 ? ["", paint("bold", "Risks"), ...findings.map(findingLine)] : []),
    ...(review.notes.length > 0 ? ["", ...review.notes.map((note) => printable(note))] : []),
    ...review.services.flatMap(details),
    "",
  ].join("\n");
}
