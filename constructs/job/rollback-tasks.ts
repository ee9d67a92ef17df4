/** The tasks that take a service back to its source, beside its app: `roll-back` and `confirm`. */
import type { AnySource } from "../../services/job-definition";
import type { RollbackKind } from "../../services/ledger";
import type { App } from "./app";
import { migratorTask, type TasksAround } from "./migrator-task";
import type { ServiceJobProps } from "./props";

export function rollbackTasks(
  props: ServiceJobProps,
  app: App,
  source: AnySource,
  rollback: RollbackKind,
): TasksAround {
  const rollBack = migratorTask(props, app, source, {
    name: "roll-back",
    hook: "prestart",
    rollback,
    // The only task that may write to a source.
    source: rollback === "copy-back" ? "to write" : "to read",
    resources: { CPU: 500, MemoryMB: 512 },
  });
  const confirm = migratorTask(props, app, source, {
    name: "confirm",
    hook: "poststart",
    rollback,
    resources: { CPU: 100, MemoryMB: 256 },
  });
  return { before: [rollBack], after: [confirm] };
}
