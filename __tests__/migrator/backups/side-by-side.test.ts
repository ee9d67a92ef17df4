import { sideBySide } from "../../../migrator/backups/side-by-side";

const never = new AbortController().signal;
const untilStopped = (stop: AbortSignal) =>
  new Promise<never>((_, reject) => {
    stop.addEventListener("abort", () => reject(new Error("was told to stop")), { once: true });
  });

test("both answers", async () => {
  expect(
    await sideBySide(
      never,
      () => Promise.resolve(1),
      () => Promise.resolve("two"),
    ),
  ).toEqual([1, "two"]);
});

test("when one fails, the other is told to stop, and has ended before the failure is told", async () => {
  let ended = false;
  const slow = async (stop: AbortSignal) => {
    await untilStopped(stop).catch(() => undefined);
    await new Promise((resolve) => setImmediate(resolve));
    ended = true;
  };
  const failing = () => Promise.reject(new Error("disk full"));
  await expect(sideBySide(never, slow, failing)).rejects.toThrow("disk full");
  expect(ended).toBe(true);
  await expect(sideBySide(never, failing, untilStopped)).rejects.toThrow("disk full");
});

test("both are told when the whole is", async () => {
  const stop = new AbortController();
  const both = sideBySide(stop.signal, untilStopped, untilStopped);
  stop.abort(new Error("SIGTERM"));
  await expect(both).rejects.toThrow("was told to stop");
});
