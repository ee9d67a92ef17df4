/** How much is compared: every value of large tables, too, or of those a random sample. */
export type Extent = "sample" | "full";

/** Rows up to which every value of a table is compared, and that a sample of a larger one has. */
export const sampleRows = 50_000;
