/**
 * Key in the metadata of a job's group, with the phase in which the job was deployed. Only a job has it that is on the
 * server, moves there, or goes back from there.
 */
export const phaseMeta = "pgmoor_phase";
/** The value for a job that goes back to its source. */
export const returningPhase = "returning";
