/** The one line on top. */
import type { Review, ServiceReview } from "./review";
import { risks, type Risk } from "./rules/rule";
import { count, listed } from "./words";

export const riskWords: Readonly<Record<Risk, string>> = {
  failed: "cannot be deployed",
  "data-loss": "data at risk",
  loses: "loses what the running job has",
  security: "security",
  downtime: "downtime",
  drift: "drift",
};

/** `Fails: data at risk (vaultwarden). 3 of 9 services change.` */
export function verdictLine({ verdict, services }: Review): string {
  const changing = services.filter(({ happens }) => happens.length > 0);
  const extent =
    changing.length === 0
      ? `Nothing changes in ${count(services.length, "service")}.`
      : `${changing.length.toLocaleString("en-US")} of ${count(services.length, "service")} ${changing.length === 1 ? "changes" : "change"}.`;
  const parts = risks.flatMap((risk) => {
    const names = services.filter(has(risk)).map(({ service }) => service);
    return names.length === 0 ? [] : [`${riskWords[risk]}: ${listed(names)}`];
  });
  const judgement = verdict === "fail" ? "Fails." : "Passes.";
  return [judgement, extent, ...(parts.length > 0 ? [`${capital(parts.join("; "))}.`] : [])].join(" ");
}

function has(risk: Risk): (service: ServiceReview) => boolean {
  return ({ findings }) => findings.some((finding) => finding.risk === risk);
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** The risks of a service, each once. */
export function risksOf({ findings }: ServiceReview): Risk[] {
  return risks.filter((risk) => findings.some((finding) => finding.risk === risk));
}
