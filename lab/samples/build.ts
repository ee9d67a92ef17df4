import * as fs from "node:fs/promises";
import * as path from "node:path";
import { build, type Plugin } from "esbuild";

export const samples = ["vaultwarden", "speedtest-tracker", "immich", "any"] as const;
export type SampleName = (typeof samples)[number];

/**
 * Bundles the sample programs into `folder`: one `NAME.cjs` each, and SQLite's native library beside them, which they share.
 * Returns the files by name.
 */
export async function buildSamples(folder: string): Promise<Record<SampleName, string>> {
  await build({
    entryPoints: Object.fromEntries(samples.map((name) => [name, path.join(__dirname, name, "main.ts")])),
    outdir: folder,
    outExtension: { ".js": ".cjs" },
    bundle: true,
    platform: "node",
    target: "node20",
    format: "cjs",
    external: ["pg-native"],
    loader: { ".node": "copy" },
    assetNames: "[name]",
    plugins: [oneNativeLibrary],
    logLevel: "warning",
  });
  const file = (name: SampleName) => path.join(folder, `${name}.cjs`);
  return {
    vaultwarden: file("vaultwarden"),
    "speedtest-tracker": file("speedtest-tracker"),
    immich: file("immich"),
    any: file("any"),
  };
}

/** Makes libsql's choice of its native library now, where a bundler cannot see through how it chooses. */
const oneNativeLibrary: Plugin = {
  name: "one-native-library",
  setup(bundler) {
    bundler.onLoad({ filter: /node_modules\/libsql\/index\.js$/ }, async ({ path: file }) => {
      const code = await fs.readFile(file, "utf8");
      const library = require.resolve(`@libsql/linux-${process.arch}-gnu`);
      const contents = code.replace("require(`@libsql/${target}`)", `require(${JSON.stringify(library)})`);
      if (contents === code)
        throw new Error("libsql no longer loads its library as lab/samples/build.ts expects");
      return { contents, loader: "js" };
    });
  },
};
