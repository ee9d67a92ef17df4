/** Why Nomad's scheduler does not place a job. */
import { z } from "zod";

const counts = z.record(z.string(), z.number()).nullish();

/** What it has tried, as plans and evaluations tell it. */
export const failed = z.object({
  NodesEvaluated: z.number(),
  ConstraintFiltered: counts,
  DimensionExhausted: counts,
});

export function reasons({
  NodesEvaluated,
  ConstraintFiltered,
  DimensionExhausted,
}: z.infer<typeof failed>): string {
  const clients = (count: number) => (count === 1 ? "1 client" : `${count} clients`);
  const told = [
    ...Object.entries(ConstraintFiltered ?? {}).map(([why, count]) => `${why} (${clients(count)})`),
    ...Object.entries(DimensionExhausted ?? {}).map(
      ([what, count]) => `too little ${what} (${clients(count)})`,
    ),
  ];
  if (told.length > 0) return told.join(", ");
  return NodesEvaluated === 0 ? "no client in the job's datacenter is ready" : "Nomad does not say why";
}
