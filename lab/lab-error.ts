/** What the person at the terminal is told without a stack trace. */
export class LabError extends Error {}
