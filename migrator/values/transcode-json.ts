import type { RecordValue } from "../sqlite/record-value";
import type { FieldTranscoder, Output } from "./transcode";
import { characterAt, copyText, writeText } from "./transcode-text";

const code = (character: string) => character.charCodeAt(0);
const [quote, backslash, comma, colon, space] = ['"', "\\", ",", ":", " "].map(code) as [
  ...[number, number, number, number, number],
];
const [openBrace, closeBrace, openBracket, closeBracket] = ["{", "}", "[", "]"].map(code) as [
  ...[number, number, number, number],
];
const [minus, dot, zero, nine, letterU, letterE] = ["-", ".", "0", "9", "u", "e"].map(code) as [
  ...[number, number, number, number, number, number],
];
const words = ["true", "false", "null"].map((word) => Buffer.from(word));

/** What an escape of JSON stands for, by its letter; 0 for none. */
const escaped = new Uint8Array(128);
/** The letter by which PostgreSQL escapes a control character; 0 for none. */
const letterOf = new Uint8Array(32);
for (const [letter, character] of Object.entries({ b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" }))
  letterOf[(escaped[code(letter)] = code(character))] = code(letter);
for (const character of '"\\/') escaped[code(character)] = code(character);

/** Arrays and objects in one another; a text with more is not of the usual kind. */
const mostLevels = 100;
/** Digits of a number; those of more are numeric's to judge. */
const mostDigits = 1000;

const isDigit = (byte: number) => byte >= zero && byte <= nine;

/** Bytes up to which it is quicker to copy them one by one, and members to sort them so. */
const few = 100;

/** @returns where they end */
function copied(from: Buffer, start: number, stop: number, to: Buffer, end: number): number {
  if (stop - start > few) return end + from.copy(to, end, start, stop);
  while (start < stop) to[end++] = from[start++]!;
  return end;
}

/** Numbers of a member of an object: where it begins in what is written, where its key ends, and where it ends. */
const memberNumbers = 3;

/**
 * Reads a JSON text, and writes it as PostgreSQL prints it when it is stored as jsonb: the shorter key first, and of two
 * of one length the one with the lower bytes; a space behind each comma and colon; numbers as they are written.
 * https://github.com/postgres/postgres/blob/REL_16_STABLE/src/backend/utils/adt/jsonb_util.c (lengthCompareJsonbString),
 * jsonb.c (JsonbToCString), json.c (escape_json)
 *
 * What PostgreSQL would store otherwise than it is written (a key twice, the sign of a zero, an exponent) is not of the usual
 * kind, nor is a key that is more than printable ASCII: its order may depend on the server's encoding.
 */
class JsonText {
  private from: Buffer = Buffer.alloc(0);
  private at = 0;
  private stop = 0;
  private to: Buffer = Buffer.alloc(0);
  private end = 0;
  private room = Buffer.alloc(1 << 12);
  /** Members of the objects that are open, one behind the other. */
  private members = new Int32Array(memberNumbers << 8);
  private count = 0;

  /** @returns whether the text is JSON of the usual kind; `output` has it then, and else something. */
  copy({ from, at, stop }: RecordValue, output: Output): boolean {
    this.from = from;
    this.at = at;
    this.stop = stop;
    this.to = output.to;
    this.end = output.end;
    this.count = 0;
    this.skip();
    if (!this.value(0)) return false;
    this.skip();
    if (this.at !== stop) return false;
    output.end = this.end;
    return true;
  }

  /** What comes next; -1 behind the end. */
  private peek(): number {
    return this.at < this.stop ? this.from[this.at]! : -1;
  }

  private skip(): void {
    for (;;) {
      const byte = this.peek();
      if (byte !== space && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return;
      this.at++;
    }
  }

  private put(byte: number): void {
    this.to[this.end++] = byte;
  }

  private value(level: number): boolean {
    const first = this.peek();
    if (first === quote) return this.string();
    if (first === minus || isDigit(first)) return this.number();
    if (first === openBrace) return level < mostLevels && this.object(level + 1);
    if (first === openBracket) return level < mostLevels && this.array(level + 1);
    return this.word();
  }

  private word(): boolean {
    for (const word of words) {
      if (word[0] !== this.peek()) continue;
      for (const byte of word) {
        if (this.peek() !== byte) return false;
        this.at++;
        this.put(byte);
      }
      return true;
    }
    return false;
  }

  /** Copies digits. @returns how many */
  private digits(): number {
    const start = this.at;
    for (let byte = this.peek(); isDigit(byte); byte = this.peek()) {
      this.at++;
      this.put(byte);
    }
    return this.at - start;
  }

  private number(): boolean {
    const start = this.at;
    const isNegative = this.peek() === minus;
    if (isNegative) {
      this.at++;
      this.put(minus);
    }
    const first = this.peek();
    const whole = this.digits();
    if (whole === 0 || (whole > 1 && first === zero)) return false;
    if (this.peek() === dot) {
      this.at++;
      this.put(dot);
      if (this.digits() === 0) return false;
    }
    if ((this.peek() | 0x20) === letterE || this.at - start > mostDigits) return false;
    return !isNegative || !this.isZero(start);
  }

  /** Whether a number that was read has no other digit. */
  private isZero(start: number): boolean {
    for (let at = start; at < this.at; at++) {
      const byte = this.from[at]!;
      if (isDigit(byte) && byte !== zero) return false;
    }
    return true;
  }

  private string(): boolean {
    const { from, to, stop } = this;
    this.at++;
    this.put(quote);
    while (this.at < stop) {
      const byte = from[this.at]!;
      if (byte === quote) {
        this.at++;
        this.put(quote);
        return true;
      }
      if (byte < space) return false;
      if (byte === backslash) {
        if (!this.escape()) return false;
      } else if (byte < 0x80) {
        to[this.end++] = byte;
        this.at++;
      } else {
        const bytes = characterAt(from, this.at, stop);
        if (bytes === 0) return false;
        for (const last = this.at + bytes; this.at < last; this.at++) to[this.end++] = from[this.at]!;
      }
    }
    return false;
  }

  private escape(): boolean {
    this.at++;
    const letter = this.peek();
    this.at++;
    if (letter === letterU) return this.escapedUnit();
    const stands = letter >= 0 && letter < 128 ? escaped[letter]! : 0;
    if (stands === 0) return false;
    this.putCharacter(stands);
    return true;
  }

  /** `\u` and four digits; two of them for a character beyond the first 65,536. */
  private escapedUnit(): boolean {
    let character = this.unit();
    // NUL cannot be stored, and half a pair is no character.
    if (character <= 0 || (character >= 0xdc00 && character < 0xe000)) return false;
    if (character >= 0xd800 && character < 0xdc00) {
      if (this.peek() !== backslash || this.from[this.at + 1] !== letterU) return false;
      this.at += 2;
      const second = this.unit();
      if (second < 0xdc00 || second >= 0xe000) return false;
      character = 0x10000 + ((character - 0xd800) << 10) + (second - 0xdc00);
    }
    if (character < 0x80) this.putCharacter(character);
    else this.end += this.to.write(String.fromCodePoint(character), this.end);
    return true;
  }

  /** Four hexadecimal digits; -1 for something else. */
  private unit(): number {
    let unit = 0;
    for (let place = 0; place < 4; place++) {
      const byte = this.peek();
      this.at++;
      const letter = byte | 0x20;
      if (isDigit(byte)) unit = unit * 16 + byte - zero;
      else if (letter >= 0x61 && letter <= 0x66) unit = unit * 16 + letter - 0x57;
      else return -1;
    }
    return unit;
  }

  /** A character of ASCII in a string. */
  private putCharacter(character: number): void {
    if (character === quote || character === backslash) this.put(backslash);
    if (character >= space) {
      this.put(character);
      return;
    }
    this.put(backslash);
    if (letterOf[character] !== 0) this.put(letterOf[character]!);
    else this.end += this.to.write(`u00${character.toString(16).padStart(2, "0")}`, this.end, "latin1");
  }

  private array(level: number): boolean {
    this.at++;
    this.put(openBracket);
    this.skip();
    if (this.peek() === closeBracket) return this.close(closeBracket);
    for (;;) {
      this.skip();
      if (!this.value(level)) return false;
      this.skip();
      if (this.peek() === closeBracket) return this.close(closeBracket);
      if (!this.separator(comma)) return false;
    }
  }

  private object(level: number): boolean {
    this.at++;
    this.put(openBrace);
    this.skip();
    if (this.peek() === closeBrace) return this.close(closeBrace);
    const first = this.count;
    let isInOrder = true;
    for (;;) {
      this.skip();
      const start = this.end;
      if (!this.key()) return false;
      const keyEnd = this.end;
      this.skip();
      if (!this.separator(colon)) return false;
      this.skip();
      if (!this.value(level)) return false;
      this.addMember(start, keyEnd);
      const order = this.count - 1 === first ? -1 : this.compare(this.count - 2, this.count - 1);
      if (order === 0) return false;
      if (order > 0) isInOrder = false;
      this.skip();
      if (this.peek() === closeBrace) break;
      if (!this.separator(comma)) return false;
    }
    if (!isInOrder && !this.sort(first)) return false;
    this.count = first;
    return this.close(closeBrace);
  }

  private addMember(start: number, keyEnd: number): void {
    const at = memberNumbers * this.count++;
    if (at === this.members.length) {
      const more = new Int32Array(2 * at);
      more.set(this.members);
      this.members = more;
    }
    this.members[at] = start;
    this.members[at + 1] = keyEnd;
    this.members[at + 2] = this.end;
  }

  /** A string of printable ASCII without escapes. */
  private key(): boolean {
    if (this.peek() !== quote) return false;
    for (let at = this.at + 1; at < this.stop; at++) {
      const byte = this.from[at]!;
      if (byte === quote) return this.string();
      if (byte < space || byte >= 0x7f || byte === backslash) return false;
    }
    return false;
  }

  /** Compares the keys of two members: 0 for one and the same. */
  private compare(one: number, other: number): number {
    const { to, members } = this;
    let at = members[memberNumbers * one]!;
    let otherAt = members[memberNumbers * other]!;
    const end = members[memberNumbers * one + 1]!;
    const lengths = end - at - (members[memberNumbers * other + 1]! - otherAt);
    if (lengths !== 0) return lengths;
    for (; at < end; at++, otherAt++) if (to[at] !== to[otherAt]) return to[at]! - to[otherAt]!;
    return 0;
  }

  /** Brings the members from one on into PostgreSQL's order; `false` when two have one key. */
  private sort(first: number): boolean {
    const { members, to } = this;
    const start = members[memberNumbers * first]!;
    const order = this.inOrder(first);
    const bytes = this.end - start;
    if (this.room.length < bytes) this.room = Buffer.allocUnsafeSlow(2 * bytes);
    const { room } = this;
    let end = 0;
    for (let place = 0; place < order.length; place++) {
      const member = order[place]!;
      if (place > 0) {
        if (this.compare(order[place - 1]!, member) === 0) return false;
        room[end++] = comma;
        room[end++] = space;
      }
      end = copied(to, members[memberNumbers * member]!, members[memberNumbers * member + 2]!, room, end);
    }
    copied(room, 0, end, to, start);
    return true;
  }

  /** Members from one on by their keys. */
  private inOrder(first: number): number[] {
    const order: number[] = [];
    for (let member = first; member < this.count; member++) order.push(member);
    if (order.length > few) return order.sort((one, other) => this.compare(one, other));
    for (let place = 1; place < order.length; place++) {
      const member = order[place]!;
      let to = place;
      for (; to > 0 && this.compare(order[to - 1]!, member) > 0; to--) order[to] = order[to - 1]!;
      order[to] = member;
    }
    return order;
  }

  private separator(byte: number): boolean {
    if (this.peek() !== byte) return false;
    this.at++;
    this.put(byte);
    this.put(space);
    return true;
  }

  private close(byte: number): boolean {
    this.at++;
    this.put(byte);
    return true;
  }
}

const text = new JsonText();

/** The version of jsonb's binary form, before the text. https://github.com/postgres/postgres/blob/REL_16_STABLE/src/backend/utils/adt/jsonb.c (jsonb_recv) */
const version = 1;

/** A separator of one byte becomes one of two. */
const factor = 2;

/** JSON of which PostgreSQL keeps the value. */
export const jsonb: FieldTranscoder = {
  growth: 1,
  factor,
  take(value, output) {
    if (!value.isText) return false;
    output.to[output.end++] = version;
    return text.copy(value, output);
  },
  write(field, output) {
    output.to[output.end++] = version;
    writeText(field, output);
  },
};

/** JSON that PostgreSQL keeps as it is written. */
export const json: FieldTranscoder = {
  growth: 0,
  factor,
  take(value, output) {
    const start = output.end;
    if (!value.isText || !text.copy(value, output)) return false;
    output.end = start;
    return copyText(value, output) >= 0;
  },
  write: writeText,
};
