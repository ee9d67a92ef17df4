/**
 * cdktf writes down a stack trace for every token, which costs a third of its time and is read by nobody. An error that
 * leaves `work` has its own: it is made when somebody looks at it.
 */
export function withoutStackTraces(work: () => void): void {
  const before = Object.getOwnPropertyDescriptor(Error, "prepareStackTrace");
  Error.prepareStackTrace = () => "";
  try {
    work();
  } finally {
    if (before === undefined) delete (Error as { prepareStackTrace?: unknown }).prepareStackTrace;
    else Object.defineProperty(Error, "prepareStackTrace", before);
  }
}
