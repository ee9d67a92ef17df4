import { begin } from "../../migrator/ledger/ledger";
import { Client } from "pg";
import { testServer } from "../lab/providers/support/test-postgres";
import { name } from "./stage";

/** An attempt as the migrator begins one, and then as it is said to have come out. */
export async function attempted(last: {
  state: string;
  rows?: number;
  confirmed?: string;
  sourceChanged?: string;
}): Promise<void> {
  const { host, port } = testServer();
  const client = new Client({ host, port, user: name, password: "the role's own", database: name });
  await client.connect();
  try {
    await begin(client, { number: 1, service: "vaultwarden", allocation: undefined });
    await client.query(
      "UPDATE pgmoor.ledger SET state = $1, rows = $2, confirmed_at = $3, source_changed_at = $4",
      [last.state, last.rows, last.confirmed, last.sourceChanged],
    );
  } finally {
    await client.end();
  }
}
