import { RandomProvider } from "@cdktf/provider-random/lib/provider";
import { TerraformStack } from "cdktf";
import type { Construct } from "constructs";
import { nomadProvider } from "../constructs/nomad-connection";
import { refuse } from "../constructs/refusal";
import { ServiceDatabase, serviceDatabaseAddresses } from "../constructs/service-database";
import { forget } from "../constructs/terraform";
import { warn } from "../constructs/warning";
import type { Environment, EnvironmentService } from "../environments/model/environment";
import type { CutOff } from "../survey/cut-off";
import { warnOfAdoption, type Adoption } from "./adoption";
import { begin, connectNomad, connectServer, nomadProps } from "./connections";
import { warnOfDrift, type Drift } from "./drift";

export interface ServiceStackProps {
  readonly environment: Environment;
  readonly service: EnvironmentService;
  /** Text of `migrator/peer/task-wrapper.sh`. */
  readonly schemaWrapper: string;
  /** The text of the environment's `server.caFile`. @default there is none */
  readonly ca?: string | undefined;
  /** Why it must not be deployed. @default it may be */
  readonly stops?: readonly string[] | undefined;
  /** What a deploy that was cut off has made, and the state does not have. @default nothing */
  readonly cutOff?: CutOff | undefined;
  /** What somebody changed of its job by hand. @default nothing */
  readonly drift?: Drift | undefined;
  /** What the first deploy of a job changes that somebody else registered. @default nothing, or there is none */
  readonly adoption?: Adoption | undefined;
  /** That its password is too old. @default it is not */
  readonly oldPassword?: string | undefined;
  /** What is known of the newest backup, when a deploy would move the service. @default nobody looked, or it does not move */
  readonly newestBackup?: string | undefined;
  /** Whether OpenTofu deploys it. @default Terraform does */
  readonly opentofu?: boolean | undefined;
}

/** One service: planned, deployed and locked by itself. A retired one is forgotten, and nothing of it is destroyed. */
export class ServiceStack extends TerraformStack {
  constructor(scope: Construct, props: ServiceStackProps) {
    const {
      environment,
      service,
      schemaWrapper,
      ca,
      stops = [],
      cutOff,
      drift,
      adoption,
      oldPassword,
      newestBackup,
      opentofu = false,
    } = props;
    const { definition, phase } = service;
    super(scope, definition.name);
    begin(this, environment, definition.name);
    refuse(this, stops);
    if (adoption !== undefined) warnOfAdoption(this, definition.name, adoption);
    if (drift !== undefined) warnOfDrift(this, definition.name, drift);
    if (oldPassword !== undefined) warn(this, "password_age", oldPassword);
    if (newestBackup !== undefined) warn(this, "newest_backup", newestBackup);
    if (phase === "retired") {
      // To forget a resource Terraform configures its provider all the same.
      nomadProvider(this, nomadProps(environment));
      // OpenTofu also reads it first, from the server. Terraform does not, so a server that is gone does not matter to it.
      if (opentofu) connectServer(this, environment);
      forget(this, serviceDatabaseAddresses(definition));
      return;
    }
    connectNomad(this, environment);
    new RandomProvider(this, "random");
    connectServer(this, environment);
    const existing = new Set(service.existing);
    // A service may be called as one of the others here.
    new ServiceDatabase(this, `service ${definition.name}`, {
      definition,
      phase,
      rollback: service.rollback,
      existing: {
        job: existing.has("job"),
        secret: existing.has("secret"),
        database: existing.has("database"),
      },
      cutOff,
      over: drift?.over,
      passwordVersion: service.passwordVersion,
      nomad: environment.nomad,
      vault: environment.vault,
      server: { ...environment.server, ca, sslmode: service.sslmode ?? environment.server.sslmode },
      watched: environment.monitoring !== undefined,
      domain: environment.domain,
      proxy: environment.proxy,
      migrator: { ...environment.migrator, schemaWrapper, telling: environment },
    });
  }
}
