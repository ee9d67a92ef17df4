import { Option } from "commander";

/** How much of large tables is compared. */
export const verifyOption = () =>
  new Option(
    "--verify <extent>",
    "of a SQLite table with more than 50,000 rows: compare a random sample of 50,000 rows, or every value (full). Smaller tables are compared whole. Default: what the service's definition says, else sample",
  ).choices(["sample", "full"]);
