/** A service of the homelab on servers of its own, planned and applied by real Terraform. */
import type { Environment, EnvironmentService } from "../../environments/model/environment";
import { servicesAlone } from "../support/services-alone";
import { ApiServer } from "../lab/providers/support/api-server";
import { FakeNomad } from "../lab/providers/support/fake-nomad";
import { FakeVault } from "../lab/providers/support/fake-vault";
import { ask, dropAll, testServer } from "../lab/providers/support/test-postgres";
import { Workspace, type Outcome } from "../lab/providers/support/workspace";
import { nothingSeen, survey, type Survey } from "../../survey/survey";
import { synthesize } from "../stacks/synthesize";

/** A synthesized stack, to be meddled with. */
export type Configuration = Record<string, any>;
type Meddle = (stack: Configuration) => void;

export class Stage {
  readonly vault = new FakeVault();
  readonly nomad = new FakeNomad();
  private readonly consul = new ApiServer(() => {
    const { host, port } = testServer();
    const Node = { ID: "1", Node: "vm", Address: host, Datacenter: "dc1", TaggedAddresses: null, Meta: null };
    const Service = { ID: "pg", Service: "postgresql", Address: "", Port: port, Tags: null, Meta: null };
    return { body: [{ Node, Service, Checks: [] }] };
  });
  private workspace!: Workspace;
  private readonly names = new Set<string>();
  private last: Configuration = {};

  static async open(): Promise<Stage> {
    const stage = new Stage();
    await Promise.all([stage.vault.server, stage.nomad.server, stage.consul].map((server) => server.start()));
    const { user, password } = testServer();
    stage.vault.put("postgres/admin", { username: user, password });
    stage.workspace = await Workspace.open({ ...stage.vault.env, ...stage.nomad.env });
    return stage;
  }

  async close(): Promise<void> {
    await this.workspace.close();
    await Promise.all([this.vault.server, this.nomad.server, this.consul].map((server) => server.stop()));
    const names = [...this.names];
    await dropAll({ databases: names, roles: names });
  }

  /** The homelab with this service alone, on the servers of the stage. */
  environment(service: EnvironmentService): Environment {
    return {
      ...servicesAlone,
      nomad: { ...servicesAlone.nomad, address: this.nomad.server.address },
      vault: { ...servicesAlone.vault, address: this.vault.server.address },
      consul: { address: this.consul.address },
      states: { in: "folder", folder: this.workspace.folder },
      services: [service],
    };
  }

  /** What main.ts sees before it synthesizes. */
  survey(service: EnvironmentService): Promise<Survey> {
    return survey(this.environment(service), this.vault.env);
  }

  /** Writes the service's stack, changed by `meddle` where our own constructs would not. */
  async write(
    service: EnvironmentService,
    meddle: Meddle = () => undefined,
    seen: Survey = nothingSeen,
  ): Promise<void> {
    const name = service.definition.name;
    this.names.add(service.definition.database.name ?? name.replaceAll("-", "_"));
    const stack = structuredClone(synthesize(this.environment(service), seen)[name]) as Configuration;
    meddle(stack);
    this.last = stack;
    const stateFile = `${name}.tfstate`;
    await this.workspace.write(stack);
    // Each service has its own state.
    if (this.workspace.stateFile !== stateFile) await this.workspace.succeed("init", "-reconfigure");
    this.workspace.stateFile = stateFile;
  }

  /** Applies a stack. */
  async apply(service: EnvironmentService, meddle?: Meddle): Promise<void> {
    await this.write(service, meddle);
    await this.terraform("apply", "-auto-approve", "-input=false");
  }

  /** Applies a stack, in vain. */
  async applyInVain(service: EnvironmentService, meddle?: Meddle): Promise<void> {
    await this.write(service, meddle);
    const { code } = await this.workspace.run("apply", "-auto-approve", "-input=false");
    if (code === 0) throw new Error("the apply should have failed");
  }

  async terraform(command: string, ...options: string[]): Promise<void> {
    await this.workspace.succeed(command, ...options);
  }

  /** Changes the state as an older provider, or a person, might have. */
  async editState(change: (state: string) => string): Promise<void> {
    await this.workspace.writeState(change(await this.workspace.stateText()));
  }

  /** As a second laptop, or a folder that is cloned afresh. */
  async loseState(): Promise<void> {
    await this.workspace.removeState();
  }

  /** Plans what was written last. @returns what would be destroyed or replaced */
  async ended(): Promise<string[]> {
    const changes = Object.entries(await this.workspace.plan());
    return changes.filter(([, { actions }]) => actions.includes("delete")).map(([address]) => address);
  }

  /** Plans what was written last. @returns what would change */
  async changing(): Promise<string[]> {
    return Object.keys(await this.workspace.plan());
  }

  run(command: string, ...options: string[]): Promise<Outcome> {
    return this.workspace.run(command, ...options);
  }

  /** Has the deployment of the job fail. */
  readonly failing = (stack: Configuration): void => {
    const [job] = Object.values(stack.resource.nomad_job as Record<string, { jobspec: string }>);
    job!.jobspec = JSON.stringify({ ...(JSON.parse(job!.jobspec) as object), Meta: { outcome: "failed" } });
  };

  /** A job that somebody registered by hand. */
  registerByHand(name: string): void {
    this.nomad.register({ ID: name, Name: name, Namespace: "default", Type: "service" });
  }

  /** A role, its database and its secret that somebody made by hand. */
  async makeByHand(name: string, connectionLimit: number): Promise<void> {
    this.names.add(name);
    await ask(`CREATE ROLE ${name} LOGIN PASSWORD 'set-by-hand' CONNECTION LIMIT ${connectionLimit}`);
    await ask(`CREATE DATABASE ${name} OWNER ${name}`);
    this.vault.put(`postgres/${name}`, { password: "set-by-hand" });
  }

  /** The plan of what was written last, as JSON; also when Terraform stopped at an error. */
  async planned(): Promise<{ plan: string; stack: string }> {
    await this.workspace.run("plan", "-input=false", "-out=plan");
    return { plan: await this.workspace.planned(), stack: JSON.stringify(this.last) };
  }
}

export { ask };
