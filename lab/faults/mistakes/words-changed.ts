import { mistake, rotate, words } from "./mistake";

/** Nothing of it is wrong to say: all of it exists now. */
export const existingChanged = mistake({
  name: "existing-changed",
  about: "`existing` is set for a service that pgmoor made, and removed again",
  strikes: ["cutover"],
  make: async (bench, subject) => {
    await bench.deployment.edit([subject.service.name], words("job", "secret", "database"));
    await bench.deploy([subject]);
    bench.tell(`${subject.service.name}: deployed with existing: job, secret, database`);
    await bench.deployment.edit([subject.service.name], words("job"));
  },
  says: /The secret secret\/postgres\/\w+ already exists, .*write existing: \["job","secret"\]/,
  cure: async (bench, { service }) =>
    void (await bench.deployment.edit([service.name], words("job", "secret"))),
});

/** The versions that were deployed. */
const rotated = new Map<string, number>();

export const rotationReverted = mistake({
  name: "rotation-reverted",
  about: "a new passwordVersion is deployed, and then lowered again",
  strikes: ["cutover", "adopted"],
  make: async (bench, subject) => {
    await rotate(bench, subject);
    await bench.deploy([subject]);
    await bench.steady(subject);
    const { name } = subject.service;
    rotated.set(name, bench.deployment.service(name).passwordVersion!);
    await bench.deployment.edit([name], { passwordVersion: 1 });
  },
  says: /passwordVersion is 1, but version \d+ is in use, .*Write \d+ to keep the password, or \d+ for a new one\./,
  cure: async (bench, { service }) =>
    void (await bench.deployment.edit([service.name], { passwordVersion: rotated.get(service.name)! })),
});

export const databaseRenamed = mistake({
  name: "database-renamed-in-code",
  about: "the database has another name in the environment",
  strikes: ["cutover", "adopted"],
  make: async ({ deployment }, { service }) =>
    void (await deployment.edit([service.name], { database: "renamed" })),
  says: /the environment now calls them renamed\. .*Set definition\.database\.name to "\w+"\./,
  cure: async ({ deployment }, { service }) =>
    void (await deployment.edit([service.name], { database: undefined })),
});
