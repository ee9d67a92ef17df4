import { hash } from "node:crypto";

const lanes = 8;

/**
 * Checksum of a table that does not depend on the order of its rows: the sum of the rows' SHA-256, as eight sums of 32
 * bits. A row that is there twice counts twice. A row is its COPY line, without the newline.
 */
export class Checksum {
  private readonly sums = new Uint32Array(lanes);
  private count = 0;

  add(line: string | Buffer): void {
    const digest = hash("sha256", line, "buffer");
    for (let lane = 0; lane < lanes; lane++) {
      this.sums[lane] = (this.sums[lane] ?? 0) + digest.readUInt32BE(lane * 4);
    }
    this.count++;
  }

  get rows(): number {
    return this.count;
  }

  /** 64 hexadecimal digits; all zero for no rows. */
  toString(): string {
    return [...this.sums].map((sum) => sum.toString(16).padStart(8, "0")).join("");
  }
}
