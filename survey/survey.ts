/**
 * Looks, before Terraform plans, what the states and the servers have of an environment's services. Terraform's state is what
 * it believes: with a state that is lost, or words that changed, it would write over what runs.
 */
import { gone, readStates } from "../terraform-states/read-states";
import { vaultToken } from "../connections/api";
import type { Environment, EnvironmentService } from "../environments/model/environment";
import { ownStacks } from "../environments/model/own-stacks";
import { databaseName, databaseSecretName } from "../services/definition";
import { cutOffOf, type CutOff } from "./cut-off";
import { unseen, type Found, type Presence } from "./found";
import { knownOf } from "./known";
import { findJob } from "./nomad";
import { movedOf } from "./moved";
import { oldPassword } from "./password-age";
import { asService, contentsOf, hasTables, tryLogin } from "./postgres";
import { runningServers } from "./running";
import { findServer } from "./server";
import { backupsSeen, type BackupsSeen } from "./backups";
import { backupStop, moves, newestBackupText } from "./newest-backup";
import { serverLogins } from "./server-logins";
import { runningData, serverStops, type SeenServer } from "./server-stops";
import { noticesStop } from "./notices";
import { stopsOf } from "./stops";
import { readSecret, type Secret } from "./vault";
import { tooOld, type Running } from "./versions";

export interface Survey {
  /** Services that a state has and the environment does not, with the addresses of their resources. */
  readonly gone: ReadonlyMap<string, readonly string[]>;
  /** Why a service must not be deployed, by service. */
  readonly stops: ReadonlyMap<string, readonly string[]>;
  /** What a deploy that was cut off has made, by service: the next one takes it over. */
  readonly cutOff: ReadonlyMap<string, CutOff>;
  /** The jobspec that a state has, by service. */
  readonly deployed: ReadonlyMap<string, string>;
  /** That its password is too old, by service. */
  readonly oldPasswords: ReadonlyMap<string, string>;
  /** What is known of the newest backup, by service that a deploy would move. */
  readonly newestBackups: ReadonlyMap<string, string>;
  /** Why the central server's job must not be deployed. */
  readonly serverStops: readonly string[];
  /** Whether the central server's job has still to be made, before anything else. */
  readonly serverMissing: boolean;
}

export const nothingSeen: Survey = {
  gone: new Map(),
  stops: new Map(),
  cutOff: new Map(),
  deployed: new Map(),
  oldPasswords: new Map(),
  newestBackups: new Map(),
  serverStops: [],
  serverMissing: false,
};

/**
 * Without a token for Vault nothing can be planned, and no server is asked: so stacks are synthesized without a network. A
 * server that does not answer stops the plan by itself, in Terraform's words.
 *
 * @param env where Terraform's providers find their tokens, too
 */
export async function survey(
  environment: Environment,
  env: NodeJS.ProcessEnv = process.env,
): Promise<Survey> {
  const token = vaultToken(env);
  if (token === undefined && environment.states?.in === "consul") return nothingSeen;
  const states = await readStates(environment).catch(() => undefined);
  // Without the states nobody knows whether one is lost.
  if (states === undefined) return nothingSeen;
  const stops = new Map<string, readonly string[]>();
  const cutOff = new Map<string, CutOff>();
  const deployed = new Map<string, string>();
  const oldPasswords = new Map<string, string>();
  const newestBackups = new Map<string, string>();
  const live = environment.services.filter(({ phase }) => phase !== "retired");
  const { found, running, server, backups, notices } =
    token === undefined ? nothingFound : await look(environment, live, env);
  const old = tooOld(running);
  for (const service of live) {
    const { name } = service.definition;
    const known = knownOf(states.get(name) ?? []);
    const seen = found.get(name) ?? unseen;
    const all = [...old, ...stopsOf({ environment, service, known, found: seen })];
    if (backups !== undefined && moves(service, seen)) {
      newestBackups.set(name, newestBackupText(backups));
      const stop = backupStop(environment, service, backups);
      if (stop !== undefined) all.push(stop);
    }
    const unheard = moves(service, seen) ? noticesStop(environment, service, notices) : undefined;
    if (unheard !== undefined) all.push(unheard);
    if (all.length > 0) stops.set(name, all);
    if (known.job?.jobspec !== undefined) deployed.set(name, known.job.jobspec);
    cutOff.set(name, cutOffOf(service, known, seen));
    const aged = oldPassword(environment, service, known, seen.secretWritten);
    if (aged !== undefined) oldPasswords.set(name, aged);
  }
  const known = knownOf(states.get(ownStacks.server) ?? []);
  return {
    gone: gone(environment, states),
    stops,
    cutOff,
    deployed,
    oldPasswords,
    newestBackups,
    serverStops: server === undefined ? [] : serverStops(environment, known, server),
    serverMissing:
      environment.server.job !== undefined &&
      environment.server.job.existing === undefined &&
      known.job === undefined,
  };
}

interface Looked {
  readonly found: ReadonlyMap<string, Found>;
  readonly running: readonly Running[];
  readonly server?: SeenServer;
  /** The secret with the webhook of the notices. */
  readonly notices: Secret;
  /** Of an environment that has backups: what the server says of them, or why nobody could tell. */
  readonly backups?: BackupsSeen | string;
}

const nobodyLooked: Secret = { presence: "unknown", data: {} };
const nothingFound: Looked = { found: new Map(), running: [], notices: nobodyLooked };

async function look(
  environment: Environment,
  services: readonly EnvironmentService[],
  env: NodeJS.ProcessEnv,
): Promise<Looked> {
  const secretIn = (name: string) => readSecret(environment, name, env);
  const [place, admin, others] = await Promise.all([
    findServer(environment, env),
    secretIn(environment.server.adminSecret),
    runningServers(environment, env),
  ]);
  const contents = place && (await contentsOf(environment, place, admin));
  const running: Running[] = [...others];
  if (contents !== undefined)
    running.push({
      server: "PostgreSQL",
      what: `PostgreSQL at ${place!.host}:${place!.port}`,
      version: contents.version,
    });
  const found = await Promise.all(
    services.map(async ({ definition, phase }): Promise<[string, Found]> => {
      const name = databaseName(definition);
      const [secret, job] = await Promise.all([
        secretIn(databaseSecretName(name)),
        findJob(environment, definition, env),
      ]);
      const has = (all: Pick<ReadonlySet<string>, "has"> | undefined): Presence =>
        all === undefined ? "unknown" : all.has(name) ? "present" : "absent";
      const [role, database] = [has(contents?.roles), has(contents?.databases)];
      const both = role === "present" && secret.presence === "present";
      const login = both ? await tryLogin(environment, place!, name, secret) : "unknown";
      const orphaned =
        role === "absent" && database === "present" && (await hasTables(environment, place!, admin, name));
      const secretWritten = secret.metadata?.created;
      // A job that somebody purged no longer says where its data is.
      const mayHaveMoved = job.presence === "absent" || (phase === "prepared" && job.onServer);
      const moved =
        mayHaveMoved && database === "present" && login === "works"
          ? await asService(environment, place!, name, secret, (client) => movedOf(client, definition))
          : undefined;
      return [
        definition.name,
        {
          secret: secret.presence,
          secretWritten,
          role,
          database,
          owner: contents?.databases.get(name),
          job: job.presence,
          onServer: job.onServer,
          login,
          orphaned,
          moved,
        },
      ];
    }),
  );
  const { job } = environment.server;
  const server: SeenServer = {
    data: job === undefined ? null : await runningData(environment, job, env),
    version: contents?.version,
    adminSecret: admin.presence,
    logins:
      job === undefined || place === undefined ? undefined : await serverLogins(environment, place, admin),
  };
  const notices =
    environment.notices === undefined ? nobodyLooked : await secretIn(environment.notices.secret);
  const seen = { found: new Map(found), running, server, notices };
  if (environment.backups === undefined) return seen;
  const backups = place === undefined ? "does not answer" : await backupsSeen(environment, place, admin);
  return { ...seen, backups };
}
