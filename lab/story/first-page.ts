/** Follows `docs/first-move.md` word by word, in a copy of the project, as somebody does who has a lab and that page. */
import { execFile } from "node:child_process";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { promisify } from "node:util";
import { environmentVariable } from "../../environments/model/load";
import { pluginCache } from "../deployment";
import { labVariables, standInVariables } from "../exec";
import { freePorts } from "../servers/wait";
import type { Stage } from "./context";
import { expectThat } from "./expectations";

const project = path.resolve(__dirname, "../..");

/** The host volume that the page's service has. */
export const firstPageVolume = "first_data";

/** The page starts and ends a lab of its own: these sections are followed in this one. */
const followed = /^## [2-5]\. /;

/** What a clone does not have. */
const notCloned = new Set(["node_modules", ".git", "cdktf.out", "states", "plans"]);

interface Block {
  readonly language: string;
  readonly text: string;
}

export async function followFirstPage({ lab, deployment, say }: Stage): Promise<void> {
  const clone = path.join(lab.directory, "clone");
  await fs.cp(project, clone, { recursive: true, filter: (file) => !notCloned.has(path.basename(file)) });
  await fs.symlink(path.join(project, "node_modules"), path.join(clone, "node_modules"));
  const [port] = await freePorts(1);
  const env = {
    ...process.env,
    ...labVariables(lab, port!),
    ...standInVariables(deployment.reattach),
    ...pluginCache(clone),
    [environmentVariable]: "homelab",
    // cdktf asks the registry for the providers' checksums; where they come from a mirror, it cannot be reached.
    CDKTF_SKIP_PROVIDER_LOCK: "true",
    CI: "1",
    FORCE_COLOR: "0",
  };
  const page = await fs.readFile(path.join(clone, "docs/first-move.md"), "utf8");
  let exports = "";
  let printed = "";
  for (const { language, text } of blocksOf(page)) {
    if (language === "ts") {
      const [, file] = /^\/\/ (\S+)/.exec(text)!;
      await fs.writeFile(path.join(clone, file!), text);
    } else if (language === "sh") {
      printed = await typed(`${exports}${text}`, clone, env);
      exports += text.match(/^export .*\n/gm)?.join("") ?? "";
    } else expectPrinted(text, printed);
  }
  say("docs/first-move.md, followed word by word, ends with a moved service");
}

function blocksOf(page: string): Block[] {
  const sections = page.split(/^(?=## )/m).filter((section) => followed.test(section));
  return sections.flatMap((section) =>
    [...section.matchAll(/^```(\w*)\n([\s\S]*?)^```/gm)].map(([, language, text]) => ({
      language: language!,
      text: text!,
    })),
  );
}

async function typed(commands: string, cwd: string, env: NodeJS.ProcessEnv): Promise<string> {
  const ran = promisify(execFile)("bash", ["-e", "-c", commands], { cwd, env, maxBuffer: 1 << 26 });
  const { stdout, stderr } = await ran.catch((error: { stdout: string; stderr: string }) => {
    throw new Error(`docs/first-move.md: this failed:\n${commands}\n${error.stdout}\n${error.stderr}`);
  });
  return (stdout + stderr).replace(/\x1b\[[0-9;?]*[A-Za-z]/g, "");
}

/** The page's lines have to be there in this order; `…` stands for any lines. */
function expectPrinted(lines: string, printed: string): void {
  let rest = printed;
  for (const line of lines.split("\n").filter((one) => one !== "" && one !== "…")) {
    const at = rest.indexOf(line);
    expectThat(at >= 0, `docs/first-move.md says that this is printed: ${line}`, printed);
    rest = rest.slice(at + line.length);
  }
}
