import {
  checkPlanned,
  freshen,
  propose,
  refresh,
  replacing,
  settle,
} from "../../../lab/providers/protocol/planned-values";
import {
  computed,
  defaulted,
  number,
  optional,
  optionalComputed,
  bool,
  required,
  setOf,
  text,
  writeOnly,
} from "../../../lab/providers/protocol/schema";
import { isZero, UNKNOWN, type Fields } from "../../../lab/providers/protocol/value";

const attributes = {
  id: optionalComputed(text),
  name: required(text, { forceNew: true }),
  login: defaulted(bool, false),
  limit: defaulted(number, -1),
  note: optional(text),
  roles: optional(setOf(text)),
  spelled: optional(text, { same: (a, b) => a.toLowerCase() === b.toLowerCase() }),
  secret: writeOnly(text),
  revision: computed(text, { volatile: true }),
};

const config: Fields = {
  id: null,
  name: "a",
  login: null,
  limit: null,
  note: null,
  roles: null,
  spelled: "X",
  secret: "s3cret",
  revision: null,
};
const state: Fields = {
  ...config,
  id: "a",
  login: false,
  limit: -1,
  secret: null,
  revision: "1",
};

describe("a plan", () => {
  test("of a create has the defaults, and unknown what the provider will set", () => {
    const planned = propose(attributes, null, config);

    expect(planned).toEqual({ ...state, id: UNKNOWN, revision: UNKNOWN });
    expect(() => checkPlanned(attributes, null, config, planned)).not.toThrow();
  });

  test("of the same configuration is the state", () => {
    expect(propose(attributes, state, { ...config, spelled: "x" })).toEqual(state);
  });

  test.each<[string, Fields]>([
    [
      "after an import, in which zeroes and empty sets stand for nothing",
      { login: null, note: "", roles: [] },
    ],
    ["with a set in another order", { roles: ["b", "a"] }],
  ])("changes nothing %s", (_when, imported) => {
    const prior = { ...state, ...imported };
    const asked = { ...config, roles: isZero(imported.roles ?? null) ? null : ["a", "b"] };
    const planned = propose(attributes, prior, asked);
    freshen(attributes, prior, asked, planned);

    expect(planned.revision).toBe("1");
    expect(() => checkPlanned(attributes, prior, asked, planned)).not.toThrow();
  });

  test("of an update makes unknown what each update sets, and takes away what is no longer asked for", () => {
    const prior = { ...state, note: "old" };
    const planned = propose(attributes, prior, config);
    freshen(attributes, prior, config, planned);

    expect(planned).toMatchObject({ note: null, revision: UNKNOWN, id: "a" });
  });

  test("names what makes the object anew", () => {
    expect(replacing(attributes, state, { ...state, name: "b", note: "x" })).toEqual(["name"]);
    expect(replacing(attributes, null, state)).toEqual([]);
  });

  test.each<[string, Fields]>([
    ["a write-only value", { secret: "s3cret" }],
    ["something else than is asked for", { name: "b" }],
    ["a value that nobody asked for", { note: "invented" }],
  ])("with %s is the stand-in's own fault", (_what, wrong) => {
    expect(() => checkPlanned(attributes, null, config, { ...state, ...wrong })).toThrow(
      /stand-in has a bug/,
    );
  });
});

describe("the outcome of an apply", () => {
  test("is spelled as planned where only the spelling differs, and holds no write-only value", () => {
    const outcome = { ...state, spelled: "x", note: "", roles: [], secret: "s3cret", revision: "2" };

    expect(settle(attributes, { ...state, revision: UNKNOWN }, outcome)).toEqual({ ...state, revision: "2" });
  });

  test.each<[string, Fields]>([
    ["differs from the plan", { limit: 5 }],
    ["is not known", { revision: UNKNOWN }],
  ])("that %s is the stand-in's own fault", (_what, wrong) => {
    expect(() => settle(attributes, state, { ...state, ...wrong })).toThrow(/stand-in has a bug/);
  });
});

test("a refresh shows drift, and nothing that is only another spelling", () => {
  const read = { ...state, spelled: "x", note: "", roles: [], limit: 7 };

  expect(refresh(attributes, state, read)).toEqual({ ...state, limit: 7 });
});
