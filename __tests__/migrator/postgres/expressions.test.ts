import { sameExpression } from "../../../migrator/postgres/expressions";

// Each as PostgreSQL prints it: first from the app's own SQL, then from what a dump of it was restored to.
test.each([
  [
    "CHECK (((state)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[])))",
    "CHECK (((state)::text = ANY (ARRAY[('a'::character varying)::text, ('b'::character varying)::text])))",
  ],
  ["(x)::timestamp(3) without time zone", "x"],
  ["'2026-01-01'::public.day", "'2026-01-01'"],
  [" SELECT a\n   FROM t;", "SELECT a FROM t"],
])("%s is %s", (one, other) => {
  expect(sameExpression(one, other, true)).toBe(true);
});

test("between two releases a column may have its table before it", () => {
  const [one, other] = [" SELECT t.a,\n    t.b\n   FROM public.t;", " SELECT a,\n    b\n   FROM public.t;"];
  expect(sameExpression(one, other, false)).toBe(true);
  expect(sameExpression(one, other, true)).toBe(false);
});

test.each([
  ["((a OR b) AND c)", "(a OR (b AND c))"],
  ["'a::text'", "'a'"],
  ["f(1, 2)", "f(1)"],
  ["'x'", "x"],
  ["(a = ANY (ARRAY['x'::text]))", "(a = ANY (ARRAY['y'::text]))"],
  ['"a b"', "a b"],
  ["1.5", "1.50"],
  ["- 1", "1"],
])("%s is not %s", (one, other) => {
  expect(sameExpression(one, other, true)).toBe(false);
  expect(sameExpression(one, other, false)).toBe(false);
});
