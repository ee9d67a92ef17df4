import * as grpc from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { join } from "node:path";
import { handlersOf, toDiagnostic, type Handler, type Session } from "./handlers";
import type { Request } from "./messages";
import type { Provider } from "./provider";

/** A provider being served. */
export interface Served {
  readonly port: number;
  stop(): void;
}

const protocol = grpc.loadPackageDefinition(
  loadSync(join(__dirname, "plugin6.proto"), { defaults: true, enums: String, longs: Number, oneofs: true }),
) as unknown as { tfplugin6: { Provider: grpc.ServiceClientConstructor } };

/** States and plans may be larger than gRPC's 4 MiB. */
const unlimited = { "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 };

/** Serves a provider on a free port of 127.0.0.1. */
export async function serve(provider: Provider): Promise<Served> {
  const server = new grpc.Server(unlimited);
  const sessions = new Sessions();
  const methods = Object.entries(handlersOf(provider)).map(([name, handler]) => [
    name,
    unary(name, handler, sessions),
  ]);
  server.addService(
    protocol.tfplugin6.Provider.service,
    Object.fromEntries(methods) as grpc.UntypedServiceImplementation,
  );
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  return {
    port,
    stop: () => {
      sessions.interrupt();
      server.forceShutdown();
    },
  };
}

/**
 * Terraform attaches every instance of a provider, and every run, to the one server; each comes over a
 * connection of its own, which is how their configurations are kept apart.
 */
class Sessions {
  private readonly byPeer = new Map<string, Session>();
  private latest: Session | undefined;

  open(peer: string): Session {
    const session = { client: undefined, interrupt: new AbortController() };
    this.byPeer.set(peer, session);
    this.latest = session;
    return session;
  }

  /** A connection that was idle for long comes back as another peer: then it was the latest. */
  of(peer: string): Session {
    return this.byPeer.get(peer) ?? this.latest ?? this.open(peer);
  }

  /** Ends what a peer waits for; of every peer, without one. */
  interrupt(peer?: string): void {
    for (const [each, session] of this.byPeer)
      if (peer === undefined || each === peer) session.interrupt.abort();
  }
}

function unary(name: string, handler: Handler, sessions: Sessions): grpc.handleUnaryCall<Request, object> {
  return (call, callback) => {
    const peer = call.getPeer();
    if (name === "StopProvider") sessions.interrupt(peer);
    const session = name === "ConfigureProvider" ? sessions.open(peer) : sessions.of(peer);
    Promise.resolve()
      .then(() => handler(call.request, session))
      .catch((error: unknown) => ({ diagnostics: [toDiagnostic(error)] }))
      .then(
        (answer) => callback(null, answer),
        (error: unknown) => callback(error as Error),
      );
  };
}
