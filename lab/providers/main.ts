import { runHere } from "../run-here";
import { wordsOf } from "./protocol/fault";
import { serveProviders } from "./serve";

const usage = `Runs a command, such as terraform or cdktf, with stand-ins for the vault, nomad, consul, random and
postgresql providers attached.

  tsx lab/providers/main.ts -- COMMAND ARGS…
`;

async function main(args: string[]): Promise<number> {
  const [command, ...rest] = args[0] === "--" ? args.slice(1) : args;
  if (!command || command.startsWith("-")) {
    process.stderr.write(usage);
    return 2;
  }
  const providers = await serveProviders();
  try {
    return await runHere(command, rest, {
      TF_REATTACH_PROVIDERS: providers.reattach,
      CHECKPOINT_DISABLE: "1",
    });
  } finally {
    await providers.stop();
  }
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`${wordsOf(error)}\n`);
    process.exitCode = 1;
  },
);
