/**
 * Where the synthesized stacks lie. Every environment has working folders of its own: Terraform notes in the working folder
 * where a state is kept, and would offer to copy the state of one environment into another's.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** What cdktf calls its manifest, and the folder of the stacks beside it. */
const manifestFile = "manifest.json";
const stacksFolder = "stacks";

/** The folder that cdktf was told: `npx cdktf` sets `CDKTF_OUTDIR` to its `--output`. */
function outputFolder(): string {
  return process.env.CDKTF_OUTDIR ?? "cdktf.out";
}

/** The folder of an environment below it. Not directly: cdktf removes folders that it does not know from `stacks/`. */
const folderOf = (environment: string) => join("environments", environment);

/** The folder of an environment's stacks and their manifest. */
export function environmentFolder(environment: string): string {
  return join(outputFolder(), folderOf(environment));
}

/** Makes the folder of an environment. */
export function makeEnvironmentFolder(environment: string): string {
  const folder = environmentFolder(environment);
  mkdirSync(folder, { recursive: true });
  return folder;
}

interface StackEntry {
  readonly workingDirectory: string;
  readonly synthesizedStackPath: string;
  readonly stackMetadataPath: string;
}

interface ManifestFile {
  readonly version: string;
  readonly stacks: Readonly<Record<string, StackEntry>>;
}

/**
 * Moves the manifest from the environment's folder to where the cdktf command looks for it, and has it point into that folder.
 * Removes the folders of stacks that the environment no longer has, as cdktf does with its own layout.
 */
export function publishManifest(environment: string): void {
  const folder = environmentFolder(environment);
  const written = join(folder, manifestFile);
  const { version, stacks } = JSON.parse(readFileSync(written, "utf8")) as ManifestFile;
  const below = (path: string) => join(folderOf(environment), path);
  const moved: Record<string, StackEntry> = {};
  for (const [name, stack] of Object.entries(stacks))
    moved[name] = {
      ...stack,
      workingDirectory: below(stack.workingDirectory),
      synthesizedStackPath: below(stack.synthesizedStackPath),
      stackMetadataPath: below(stack.stackMetadataPath),
    };
  writeFileSync(written, JSON.stringify({ version, stacks: moved }, undefined, 2));
  renameSync(written, join(outputFolder(), manifestFile));
  for (const name of readdirSync(join(folder, stacksFolder)))
    if (!Object.hasOwn(stacks, name)) rmSync(join(folder, stacksFolder, name), { recursive: true });
}
