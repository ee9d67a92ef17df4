/** How people say it. */

export function minutes(seconds: number): string {
  if (seconds < 120) return `${seconds} s`;
  const whole = Math.round(seconds / 60);
  return `${whole} min`;
}

/** `1 service`, `2 services`. */
export function count(amount: number, noun: string): string {
  return `${amount.toLocaleString("en-US")} ${noun}${amount === 1 ? "" : "s"}`;
}

/** `a, b and 3 more` */
export function listed(names: readonly string[], most = 3): string {
  const more = names.length - most;
  return more > 0
    ? `${names.slice(0, most).join(", ")} and ${more.toLocaleString("en-US")} more`
    : names.join(", ");
}
