/** What the review reads of a plan (`terraform show -json PLANFILE`), and of what `pgmoor plan` writes where there is none. */
import { z } from "zod";

const attributes = z.record(z.string(), z.unknown());
export type Attributes = Readonly<Record<string, unknown>>;

const change = z.object({
  actions: z.array(z.enum(["no-op", "create", "read", "update", "delete", "forget"])),
  before: attributes.nullish(),
  after: attributes.nullish(),
  /** `true`, or an object of the attributes that are, or hold something that is. */
  after_unknown: z.unknown(),
  before_sensitive: z.unknown(),
  after_sensitive: z.unknown(),
  importing: z.object({ id: z.string().optional() }).optional(),
});

const resourceChange = z.object({
  address: z.string(),
  previous_address: z.string().optional(),
  mode: z.enum(["managed", "data"]),
  type: z.string(),
  action_reason: z.string().optional(),
  change,
});
export type ResourceChange = z.infer<typeof resourceChange>;

const terraformPlan = z.object({
  format_version: z.string().regex(/^1\./, "is not of a format 1.x, which Terraform writes since 1.1"),
  resource_changes: z.array(resourceChange).default([]),
  resource_drift: z.array(resourceChange).default([]),
  configuration: z
    .object({
      root_module: z
        .object({
          resources: z
            .array(z.object({ address: z.string(), expressions: attributes.optional() }))
            .default([]),
        })
        .default({ resources: [] }),
    })
    .optional(),
  /** What `check` blocks and conditions came to. */
  checks: z
    .array(
      z.object({
        address: z.object({ kind: z.string(), name: z.string().optional() }),
        status: z.string(),
        instances: z
          .array(z.object({ problems: z.array(z.object({ message: z.string().default("") })).default([]) }))
          .default([]),
      }),
    )
    .default([]),
  /** Terraform stopped at an error: what it had planned until then is here. */
  errored: z.boolean().default(false),
});

/** Why there is no plan of a service. */
const noPlan = z.strictObject({
  pgmoor: z.discriminatedUnion("reason", [
    /** Its state is there, and the environment does not know it any more. */
    z.strictObject({ reason: z.literal("gone"), resources: z.array(z.string()) }),
    /** Terraform's own words. */
    z.strictObject({ reason: z.literal("failed"), message: z.string() }),
  ]),
});
export type NoPlan = z.infer<typeof noPlan>;

export const planSchema = z.union([noPlan, terraformPlan]);
export type Plan = z.infer<typeof terraformPlan>;

/** The resources of a synthesized stack (`cdk.tf.json`), by type and name: a plan does not say what guards them. */
export const stackSchema = z.object({
  resource: z
    .record(
      z.string(),
      z.record(
        z.string(),
        z.object({
          lifecycle: z.object({ prevent_destroy: z.boolean().optional() }).optional(),
          /** Of a job: whether its end in Terraform is its end in Nomad. */
          deregister_on_destroy: z.boolean().optional(),
        }),
      ),
    )
    .default({}),
});
export type StackResources = z.infer<typeof stackSchema>["resource"];

/** What `pgmoor check` found when the plan was made (`check/report.ts`). */
export const checksSchema = z.object({
  /** `service`: whom it is about; `null`: all of them. */
  problems: z
    .array(z.object({ service: z.string().nullable(), probe: z.string(), what: z.string() }))
    .readonly(),
  notChecked: z.array(z.object({ probe: z.string(), why: z.string() })).readonly(),
});
export type Checks = z.infer<typeof checksSchema>;
