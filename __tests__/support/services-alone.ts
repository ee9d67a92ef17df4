import { homelab } from "../../environments/homelab";
import type { Environment } from "../../environments/model/environment";

const { backups: _, server, ...rest } = homelab;
const { job: __, ...running } = server;

/** The homelab, with a server that somebody else runs and backs up. */
export const servicesAlone: Environment = { ...rest, server: running };
