/** The server gets an image with vectors: every database stays, and what does not fit the new image is said. */
import { contents, different } from "../backups/contents";
import { asAdmin } from "../story/context";
import { expectSuccess, expectThat, tail } from "../story/expectations";
import { waitForAnswer } from "../story/services";
import { databasesOf, running } from "./adoption";
import { takenOver, type Ground } from "./ground";

/** A version of the extension as a database has it that was made on an older image. */
const older = "0.8.0";

export async function giveVectors(ground: Ground): Promise<void> {
  const { deployment, lab, services, say } = ground;
  const before = await running(ground);
  const rows = await contents(ground, databasesOf(ground));
  const server = takenOver(lab);
  await deployment.keepServer({ server: { ...server, vectors: true } });
  expectSuccess(await deployment.deploy(["server"]), "the deploy of a server with another image");
  const after = await running(ground);
  expectThat(
    after.system === before.system && after.startedAt !== before.startedAt,
    "the server should be started again on the same data",
  );
  const differences = different(rows, await contents(ground, databasesOf(ground)));
  expectThat(differences.length === 0, "every row should be as before", differences.join("\n"));
  for (const service of services) await waitForAnswer(service, "server", 60);
  const { name } = services[0]!;
  await useVectors(ground, name);

  await expectCheck(
    ground,
    name,
    /version 0\.8\.0 of the extension "vector", and the server's image has [\d.]+\. Run ALTER EXTENSION "vector" UPDATE/,
  );
  await asAdmin(lab, name, (client) => client.query('ALTER EXTENSION "vector" UPDATE'));
  await expectCheck(ground, name, /^(?!.*ALTER EXTENSION)/);

  await deployment.keepServer({ server });
  expectSuccess(await deployment.deploy(["server"]), "the deploy of the image without vectors");
  await expectCheck(ground, name, /has the extension "vector", and the server's image does not/);
  await asAdmin(lab, name, (client) => client.query("DROP TABLE pictures; DROP EXTENSION vector"));
  say(
    "an image with vectors: every database as before; check says which extension is older, and which one the image lacks",
  );
}

async function useVectors({ lab }: Ground, database: string): Promise<void> {
  const nearest = await asAdmin(lab, database, async (client) => {
    await client.query("CREATE EXTENSION vector");
    // The newest version's is the only script that makes it: its steps from 0.8.0 on change nothing.
    await client.query(`UPDATE pg_extension SET extversion = '${older}' WHERE extname = 'vector'`);
    await client.query(
      "CREATE TABLE pictures AS SELECT n, ARRAY[n, 0, 1]::vector AS seen FROM generate_series(1, 9) AS n",
    );
    const { rows } = await client.query<{ n: number }>(
      "SELECT n FROM pictures ORDER BY seen <-> '[3,0,1]' LIMIT 1",
    );
    return rows[0]!.n;
  });
  expectThat(nearest === 3, `the extension should find the nearest vector, 3, and found ${nearest}`);
}

async function expectCheck({ deployment }: Ground, service: string, says: RegExp): Promise<void> {
  const check = await deployment.pgmoor("check", [service], {});
  expectThat(says.test(check.output.replace(/\s+/g, " ")), `check should say ${says.source}`, tail(check));
}
