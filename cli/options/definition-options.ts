import { Option } from "commander";
import { rulesHelp } from "./help";

/** What says how a source is copied. One of the two. */
export const rulesOption = (more = "") => new Option("--rules <file>", rulesHelp + more).conflicts("service");

export const serviceOption = (more = "") =>
  new Option(
    "--service <name>",
    `take rules, migration tables and the extent of the proof from this service's definition, in the environment that PGMOOR_ENVIRONMENT names${more}`,
  );
