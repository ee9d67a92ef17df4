const newline = 0x0a;
const { imul } = Math;
const c1 = 0x239b961b;
const c2 = 0xab0e9789;
const c3 = 0x38b34ae5;
const c4 = 0xa1e38b93;

const rotate = (word: number, bits: number): number => (word << bits) | (word >>> (32 - bits));

function mixed(word: number): number {
  word = imul(word ^ (word >>> 16), 0x85ebca6b);
  word = imul(word ^ (word >>> 13), 0xc2b2ae35);
  return word ^ (word >>> 16);
}

/** MurmurHash3 (128 bits, x86, seed 0) of bytes that come in parts. */
class Hash {
  h1 = 0;
  h2 = 0;
  h3 = 0;
  h4 = 0;
  private length = 0;
  /** What does not fill a block yet. */
  private readonly rest = Buffer.alloc(16);
  private readonly restView = viewOf(this.rest);
  private resting = 0;

  reset(): void {
    this.h1 = this.h2 = this.h3 = this.h4 = this.length = this.resting = 0;
  }

  /** Adds a part, with more to come. */
  update(part: Buffer): void {
    let start = 0;
    if (this.resting > 0) {
      start = part.copy(this.rest, this.resting);
      this.resting += start;
      if (this.resting < 16) return;
      this.blocks(this.restView, 0, 16);
    }
    const at = this.blocks(viewOf(part), start, part.length);
    this.resting = part.copy(this.rest, 0, at);
  }

  /** Ends what came in parts. */
  end(): void {
    this.last(this.restView, 0, this.resting);
  }

  /** Adds whole blocks; returns where they end. */
  blocks(view: DataView, start: number, end: number): number {
    let { h1, h2, h3, h4 } = this;
    let at = start;
    for (; at + 16 <= end; at += 16) {
      h1 ^= imul(rotate(imul(view.getUint32(at, true), c1), 15), c2);
      h1 = (imul(rotate(h1, 19) + h2, 5) + 0x561ccd1b) | 0;
      h2 ^= imul(rotate(imul(view.getUint32(at + 4, true), c2), 16), c3);
      h2 = (imul(rotate(h2, 17) + h3, 5) + 0x0bcaa747) | 0;
      h3 ^= imul(rotate(imul(view.getUint32(at + 8, true), c3), 17), c4);
      h3 = (imul(rotate(h3, 15) + h4, 5) + 0x96cd1c35) | 0;
      h4 ^= imul(rotate(imul(view.getUint32(at + 12, true), c4), 18), c1);
      h4 = (imul(rotate(h4, 13) + h1, 5) + 0x32ac3b17) | 0;
    }
    this.h1 = h1;
    this.h2 = h2;
    this.h3 = h3;
    this.h4 = h4;
    this.length += at - start;
    return at;
  }

  /** Adds the last bytes, fewer than a block, and ends. */
  last(view: DataView, start: number, end: number): void {
    let { h1, h2, h3, h4 } = this;
    let k1 = 0;
    let k2 = 0;
    let k3 = 0;
    let k4 = 0;
    for (let at = start, place = 0; at < end; at++, place++) {
      const byte = view.getUint8(at) << ((place & 3) * 8);
      if (place < 4) k1 |= byte;
      else if (place < 8) k2 |= byte;
      else if (place < 12) k3 |= byte;
      else k4 |= byte;
    }
    const length = this.length + end - start;
    h1 ^= imul(rotate(imul(k1, c1), 15), c2) ^ length;
    h2 ^= imul(rotate(imul(k2, c2), 16), c3) ^ length;
    h3 ^= imul(rotate(imul(k3, c3), 17), c4) ^ length;
    h4 ^= imul(rotate(imul(k4, c4), 18), c1) ^ length;
    h1 = (h1 + h2 + h3 + h4) | 0;
    h2 = mixed((h2 + h1) | 0);
    h3 = mixed((h3 + h1) | 0);
    h4 = mixed((h4 + h1) | 0);
    h1 = (mixed(h1) + h2 + h3 + h4) | 0;
    this.h1 = h1;
    this.h2 = h2 + h1;
    this.h3 = h3 + h1;
    this.h4 = h4 + h1;
  }
}

/**
 * Checksum of a table that does not depend on the order of its rows: the sum of the rows' MurmurHash3, as four sums of 32
 * bits. A row that is there twice counts twice. A row is its COPY line without the newline, or its bytes in COPY's binary form.
 *
 * It finds what goes wrong, not what somebody forges: whoever can write to both sides needs no collision. A cryptographic
 * hash of each line takes longer than the copy itself.
 */
export class Checksum {
  private readonly sums = new Uint32Array(4);
  private readonly hash = new Hash();
  private count = 0;
  /** Of a line that has begun and not ended. */
  private begun: Hash | undefined;

  /** The buffer that a line was in last. */
  private seen: Buffer = Buffer.alloc(0);
  private view = viewOf(this.seen);

  get rows(): number {
    return this.count;
  }

  /** Adds a line without its newline. */
  add(line: string | Buffer): void {
    const bytes = typeof line === "string" ? Buffer.from(line) : line;
    this.addBytes(viewOf(bytes), 0, bytes.length);
  }

  /** Adds lines, each with its newline; the rest of the last one may come with the next. */
  addLines(lines: Buffer): void {
    let start = 0;
    if (this.begun !== undefined) {
      const end = lines.indexOf(newline);
      this.begun.update(end < 0 ? lines : lines.subarray(0, end));
      if (end < 0) return;
      this.begun.end();
      this.take(this.begun);
      this.begun = undefined;
      start = end + 1;
    }
    const view = viewOf(lines);
    for (let at = start; at < lines.length; at++) {
      if (lines[at] !== newline) continue;
      this.addBytes(view, start, at);
      start = at + 1;
    }
    if (start === lines.length) return;
    this.begun = new Hash();
    this.begun.update(lines.subarray(start));
  }

  /** Adds rows in COPY's binary form: the number of fields, and of each its length, -1 for NULL, and its bytes. */
  addTuples(tuples: Buffer): void {
    const view = viewOf(tuples);
    for (let at = 0; at < tuples.length;) {
      const start = at;
      let fields = view.getInt16(at);
      for (at += 2; fields > 0; fields--) at += 4 + Math.max(0, view.getInt32(at));
      this.addBytes(view, start, at);
    }
  }

  /** Adds a row, or a part of one, that lies somewhere in a buffer. */
  addPart(bytes: Buffer, start: number, stop: number, isEnd: boolean): void {
    if (this.begun === undefined && isEnd) {
      if (this.seen !== bytes) this.view = viewOf((this.seen = bytes));
      this.addBytes(this.view, start, stop);
      return;
    }
    this.begun ??= new Hash();
    this.begun.update(bytes.subarray(start, stop));
    if (!isEnd) return;
    this.begun.end();
    this.take(this.begun);
    this.begun = undefined;
  }

  private addBytes(view: DataView, start: number, end: number): void {
    const { hash } = this;
    hash.reset();
    hash.last(view, hash.blocks(view, start, end), end);
    this.take(hash);
  }

  private take({ h1, h2, h3, h4 }: Hash): void {
    const { sums } = this;
    sums[0]! += h1;
    sums[1]! += h2;
    sums[2]! += h3;
    sums[3]! += h4;
    this.count++;
  }

  /** 32 hexadecimal digits; all zero for no rows. */
  toString(): string {
    return [...this.sums].map((sum) => sum.toString(16).padStart(8, "0")).join("");
  }
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
