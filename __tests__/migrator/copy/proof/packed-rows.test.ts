import { differingPlaces, packedRows } from "../../../../migrator/copy/proof/packed-rows";

// Each is larger than what was packed before: there is no room for it yet.
test.each([
  ["the last value", ["1", "x".repeat(3 << 20)], [1]],
  ["the first one", ["x".repeat(40 << 20), "small"], [0]],
  ["none", ["1", "small"], []],
])("a row of the target differs from the source's in %s", (_, forms, places) => {
  const packed = packedRows([{ forms: ["1", "small"], key: () => "id 1" }], [0]);
  expect(differingPlaces(forms, packed, 0)).toEqual(places);
});
