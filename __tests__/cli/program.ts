import { build } from "esbuild";
import * as path from "node:path";
import { type Cleanup, start } from "../migrator/support";

const root = path.resolve(__dirname, "../..");

/** The command line as a person's; compiled once, tsx would do it for every call. */
export class Program {
  private constructor(
    private readonly cleanup: Cleanup,
    private readonly file: string,
  ) {}

  static async build(cleanup: Cleanup): Promise<Program> {
    const file = path.join(cleanup.folder(), "pgmoor.cjs");
    await build({
      entryPoints: [path.join(root, "cli/main.ts")],
      outfile: file,
      bundle: true,
      platform: "node",
      // What has native code is found where npm has put it.
      external: ["libsql", "pg-native"],
    });
    return new Program(cleanup, file);
  }

  /**
   * As npm calls it: in the project's folder, with the caller's in INIT_CWD.
   * @param folder the caller's, and home.
   */
  start(folder: string, args: readonly string[], environment: Record<string, string>) {
    const all = {
      INIT_CWD: folder,
      HOME: folder,
      NODE_PATH: path.join(root, "node_modules"),
      ...environment,
    };
    return start(this.cleanup, process.execPath, [this.file, ...args], all, root);
  }
}
