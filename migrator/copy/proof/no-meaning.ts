/** A value of the source that says nothing certain in its column's type: a copy without a rule must not have taken it. */
export class NoMeaning extends Error {
  override readonly name = "NoMeaning";
}
