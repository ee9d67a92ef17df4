import { randomBytes } from "node:crypto";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { LabServer } from "../servers/lab-server";
import { ownerVariable } from "../servers/lab";
import { freePorts } from "../servers/wait";

export interface S3Server {
  readonly endpoint: string;
  readonly accessKey: string;
  readonly secretKey: string;
  readonly server: LabServer;
}

/** An S3 server that keeps its objects in a folder, on 127.0.0.1 only. @param program versitygw's */
export async function startS3(program: string, lab: string): Promise<S3Server> {
  const directory = path.join(lab, "s3");
  const [objects, metadata] = [path.join(directory, "objects"), path.join(directory, "metadata")];
  await fs.mkdir(objects, { recursive: true });
  await fs.mkdir(metadata, { recursive: true });
  const [port] = (await freePorts(1)) as [number];
  const [accessKey, secretKey] = [randomBytes(10).toString("hex"), randomBytes(20).toString("hex")];
  const endpoint = `http://127.0.0.1:${port}`;
  const server = await LabServer.start({
    name: "S3",
    program,
    // Beside the objects, since not every file system keeps attributes.
    args: ["--port", `127.0.0.1:${port}`, "posix", "--sidecar", metadata, objects],
    env: {
      PATH: "/usr/bin:/bin",
      HOME: directory,
      ROOT_ACCESS_KEY: accessKey,
      ROOT_SECRET_KEY: secretKey,
      [ownerVariable]: lab,
    },
    cwd: directory,
    log: path.join(directory, "versitygw.log"),
    // Without a login it refuses, and so it answers.
    ready: async () => (await fetch(endpoint)).status > 0,
  });
  return { endpoint, accessKey, secretKey, server };
}
