/** Loaded before a program: writes which files it had loaded when it ended. */
const { writeFileSync } = require("node:fs");

process.on("exit", () => {
  writeFileSync(process.env.PGMOOR_TEST_LOADED, JSON.stringify(Object.keys(require.cache)));
});
