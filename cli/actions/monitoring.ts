import * as fs from "node:fs/promises";
import * as path from "node:path";
import { loadEnvironment } from "../../environments/model/load";
import { UserError } from "../../environments/model/problems";
import { monitoringFiles } from "../../monitoring/files";
import { fileOf, log } from "../options/terminal";

export interface MonitoringOptions {
  readonly folder: string;
}

export async function monitoring({ folder }: MonitoringOptions): Promise<void> {
  const environment = loadEnvironment();
  if (environment.monitoring === undefined)
    throw new UserError(
      `The environment "${environment.name}" has no monitoring. Add monitoring: {} to it (docs/monitor.md).`,
    );
  const target = fileOf(folder);
  await fs.mkdir(target, { recursive: true });
  for (const [name, content] of Object.entries(monitoringFiles(environment))) {
    const file = path.join(target, name);
    await fs.writeFile(file, content);
    log(`wrote ${file}`);
  }
}
