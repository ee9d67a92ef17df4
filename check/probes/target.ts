/** Whether a database is ready for a cutover: a copy into tables that hold rows of somebody else's is refused. */
import { databaseName, databaseSecretName } from "../../services/definition";
import { atATime } from "../../status/at-a-time";
import { isTold } from "../../status/report";
import { lookInside } from "../../status/tables";
import type { Probe } from "../probe";

export const target: Probe = {
  name: "target",
  needs: ["postgres", "vault", "nomad"],
  async look({ environment, services, place, secretIn }) {
    // On its source, and about to move, now or later.
    const waiting = services.filter(
      ({ service, job }) =>
        service.definition.source !== undefined && isTold(job) && (job.phase ?? "prepared") === "prepared",
    );
    const all = await atATime(8, waiting, async ({ service, name }) => {
      const database = databaseName(service.definition);
      const secret = await secretIn(databaseSecretName(database));
      if (secret.presence !== "present") return [];
      const { tables, ledger } = await lookInside(environment, place!, database, secret);
      const what =
        ledger === null && isTold(tables) && tables.rows > 0
          ? `its database on the server holds ${tables.rows.toLocaleString("en")} rows in ${tables.tables} tables, and pgmoor has not copied them: a cutover would be refused. Empty them`
          : isTold(ledger) && ledger.state === "confirmed"
            ? `it runs on its source, and its ledger says that it was confirmed on the server: a cutover would be refused (docs/go-back.md#a-confirmed-service-that-runs-on-its-source)`
            : undefined;
      return what === undefined ? [] : [{ service: name, what }];
    });
    return { problems: all.flat() };
  },
};
