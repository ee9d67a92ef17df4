/** When the server's certificate ends, as everybody may ask it. */
import * as net from "node:net";
import * as tls from "node:tls";

const patienceMilliseconds = 5_000;

/** Source: https://www.postgresql.org/docs/16/protocol-message-formats.html (SSLRequest) */
const sslRequest = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);

/**
 * @returns ISO 8601; `null` when the server has none
 * @throws what the network says
 */
export function certificateEnds(host: string, port: number): Promise<string | null> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host, port, timeout: patienceMilliseconds });
    socket.once("timeout", () => socket.destroy(new Error("no answer to an SSLRequest")));
    socket.once("error", reject);
    socket.once("connect", () => socket.write(sslRequest));
    socket.once("data", (answer: Buffer) => {
      if (answer.toString("latin1") !== "S") {
        socket.end();
        return resolve(null);
      }
      // Whoever signed it: only its end is asked for.
      const secure = tls.connect({ socket, rejectUnauthorized: false });
      secure.once("error", reject);
      secure.once("secureConnect", () => {
        const { valid_to: until } = secure.getPeerCertificate();
        // In good order: the server logs a handshake that is cut off.
        secure.end();
        resolve(until === undefined ? null : new Date(until).toISOString());
      });
    });
  });
}
