import * as fs from "node:fs/promises";
import * as path from "node:path";
import { gzipSync } from "node:zlib";
import { build, type Plugin } from "esbuild";

/** Where the bundle is written. */
export const bundle = path.join(__dirname, "dist", "pgmoor-migrator.cjs");

/** Loads libsql's native library from the bundle itself: a private file, gone as soon as the system has loaded it. */
const loader = `
const fs = require("node:fs"), os = require("node:os"), path = require("node:path"), zlib = require("node:zlib");
const compressed = require("pgmoor:library");
const folder = fs.mkdtempSync(path.join(process.env.NOMAD_TASK_DIR || os.tmpdir(), "pgmoor-library-"));
try {
  const file = path.join(folder, "libsql.node");
  fs.writeFileSync(file, zlib.gunzipSync(compressed), { mode: 0o700 });
  process.dlopen(module, file);
} finally {
  fs.rmSync(folder, { recursive: true, force: true });
}
`;

/** Puts the native library of this machine's architecture into the bundle, in place of libsql's search for it. */
const inlineLibrary: Plugin = {
  name: "inline-libsql",
  setup(bundler) {
    const target = `@libsql/linux-${process.arch}-gnu`;
    bundler.onLoad({ filter: /node_modules\/libsql\/index\.js$/ }, async ({ path: file }) => {
      const code = await fs.readFile(file, "utf8");
      const patched = code.replace("} = requireNative();", '} = require("pgmoor:loader");');
      if (patched === code) throw new Error("libsql no longer loads its library as build.ts expects");
      const start = patched.indexOf("const { load, currentTarget }");
      const end = patched.indexOf("const {\n  databaseOpen,");
      return { contents: patched.slice(0, start) + patched.slice(end), loader: "js" };
    });
    bundler.onResolve({ filter: /^pgmoor:/ }, ({ path: name }) => ({ path: name, namespace: "pgmoor" }));
    bundler.onLoad({ filter: /^pgmoor:loader$/, namespace: "pgmoor" }, () => ({
      contents: loader,
      loader: "js",
    }));
    bundler.onLoad({ filter: /^pgmoor:library$/, namespace: "pgmoor" }, async () => ({
      contents: gzipSync(await fs.readFile(require.resolve(target))),
      loader: "binary",
    }));
  },
};

/** Bundles the migrator into one file that needs Node.js and nothing else on a machine of this architecture. */
export async function buildMigrator(outfile = bundle): Promise<void> {
  await build({
    entryPoints: [path.join(__dirname, "../job/main.ts")],
    outfile,
    bundle: true,
    platform: "node",
    target: "node20",
    format: "cjs",
    minifyWhitespace: true,
    external: ["pg-native"],
    define: { PGMOOR_BUNDLE: "true" },
    plugins: [inlineLibrary],
    logLevel: "warning",
  });
}

if (require.main === module) {
  buildMigrator().then(
    () => console.log(`built ${path.relative(process.cwd(), bundle)}`),
    (error: unknown) => {
      console.error(error);
      process.exitCode = 1;
    },
  );
}
