/** Work that is done at the same time, all of it or none. */
export type Part<T> = (stop: AbortSignal) => Promise<T>;

/**
 * Both at the same time. When one of them fails, the other is told to stop, and waited for: nothing of it goes on behind the
 * caller's back.
 * @throws what the first one to fail threw
 */
export async function sideBySide<A, B>(stop: AbortSignal, one: Part<A>, other: Part<B>): Promise<[A, B]> {
  const failed = new AbortController();
  const either = AbortSignal.any([stop, failed.signal]);
  const guarded = async <T>(part: Part<T>): Promise<T> => {
    try {
      return await part(either);
    } catch (error) {
      failed.abort(error);
      throw failed.signal.reason;
    }
  };
  const work = [guarded(one), guarded(other)] as const;
  await Promise.allSettled(work);
  return Promise.all(work);
}
