import { faults } from "../../../lab/faults";
import { faultsNamed, listOfFaults } from "../../../lab/faults/command";
import { complaints, type Fault, type Result } from "../../../lab/faults/fault";

const fault: Fault = {
  name: "something",
  about: "something happens",
  strikes: ["cutover"],
  withinSeconds: 30,
  silentForSeconds: 5,
  inject: () => Promise.resolve(),
};
const good: Result = {
  fault: "something",
  service: "vaultwarden",
  endedOn: "server",
  rowsLost: 0,
  healthyAfterSeconds: 30,
  longestSilenceSeconds: 5,
  byHand: false,
  secretVersionsLost: 0,
  lockedOut: false,
};
const worse = (change: Partial<Result>) => complaints(fault, { ...good, ...change }, { endsOn: "server" });

test("nothing is worse than it should be at the limit", () => {
  expect(worse({})).toEqual([]);
});

test("each thing that is worse is named", () => {
  expect(worse({ rowsLost: 1 })).toEqual(["1 acknowledged rows lost"]);
  expect(worse({ secretVersionsLost: 2 })).toEqual(["2 versions of its secret lost"]);
  expect(worse({ lockedOut: true })).toEqual(["its role does not accept the password in Vault"]);
  expect(worse({ endedOn: "source" })).toEqual(["ended on the source, not on the server"]);
  expect(worse({ healthyAfterSeconds: 30.1 })).toEqual(["took longer than 30 s"]);
  expect(worse({ longestSilenceSeconds: 5.1 })).toEqual(["accepted no row for 5.1 s, longer than 5 s"]);
  expect(worse({ healthyAfterSeconds: null, byHand: true })).toEqual(["did not come back by itself"]);
});

test("a fault may say where a service ends", () => {
  const back = { ...fault, endsOn: "source" } as const;
  expect(complaints(back, good, { endsOn: "server" })).toEqual(["ended on the server, not on the source"]);
});

test("names are unique, listed, and refused when they are none", () => {
  const names = faults.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(listOfFaults().split("\n")).toHaveLength(names.length);
  expect(faultsNamed([])).toEqual(faults);
  expect(faultsNamed([names.at(-1)!]).map(({ name }) => name)).toEqual([names.at(-1)]);
  expect(() => faultsNamed(["nope", names[0]!, "neither"])).toThrow('There is no fault "nope", "neither".');
});
