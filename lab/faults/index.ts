import { allocationLost } from "./allocation-lost";
import { badVersion } from "./bad-version";
import { cleanedUp } from "./cleaned-up";
import { clocksOff } from "./clock";
import type { Fault } from "./fault";
import { databaseDropped, grantsDrifted, jobDrifted } from "./mistakes/drifted";
import { createFailed, twoMachines } from "./mistakes/newcomers";
import { roleDropped } from "./mistakes/role-dropped";
import { secretDeleted, secretOverwritten } from "./mistakes/secret-meddled";
import { serviceRemoved } from "./mistakes/service-removed";
import { stateLost } from "./mistakes/state-lost";
import { rotationKilledAtEach, terraformKilledAtEach } from "./mistakes/terraform-killed";
import { databaseRenamed, existingChanged, rotationReverted } from "./mistakes/words-changed";
import { jobRevertedByHand } from "./job-reverted-by-hand";
import { migratorImageAway } from "./migrator-image-gone";
import { nodeAwayForLong } from "./node-away-for-long";
import { nodeDrained } from "./node-drained";
import { placementBlocked } from "./placement-blocked";
import { powerCuts } from "./power-cut";
import { copyBackAndMove } from "./rollback/copy-back-and-move";
import { discarded } from "./rollback/discarded";
import { aroundTheDeploy } from "./moves/around-the-deploy";
import { fullDisks } from "./moves/full-disks";
import { fullScratch } from "./moves/full-scratch";
import { spoiltDatabases } from "./moves/spoilt-database";
import { failingSteps } from "./moves/steps-that-fail";
import { struckMoves, struckRollbacks } from "./moves/struck";
import { failedRollbacks } from "./rollback/failed";
import { interruptedRollbacks } from "./rollback/interrupted";
import { manyRows } from "./rollback/many-rows";
import { rotation } from "./rotation";
import { serverAwayWhileRescheduled } from "./server-away-while-rescheduled";
import { sourceChangedAfterConfirm } from "./source-changed-after-confirm";
import { jobPurgedByHand, jobStoppedByHand } from "./stopped-by-hand";
import { vaultSealedForLong } from "./vault-sealed-for-long";
import { volumesGone } from "./volume-gone";

/** In the order in which they are tried. Two of one name strike services of different phases. */
export const faults: readonly Fault[] = [
  ...failingSteps,
  ...spoiltDatabases,
  ...fullDisks,
  ...aroundTheDeploy,
  manyRows,
  jobRevertedByHand,
  fullScratch,
  ...struckMoves,
  ...clocksOff,
  allocationLost,
  nodeDrained,
  jobStoppedByHand,
  jobPurgedByHand,
  serverAwayWhileRescheduled,
  ...powerCuts,
  nodeAwayForLong,
  migratorImageAway,
  ...volumesGone,
  sourceChangedAfterConfirm,
  cleanedUp,
  badVersion,
  placementBlocked,
  rotation,
  rotationKilledAtEach,
  copyBackAndMove,
  discarded,
  ...failedRollbacks,
  ...interruptedRollbacks,
  ...struckRollbacks,
  vaultSealedForLong,
  existingChanged,
  rotationReverted,
  databaseRenamed,
  stateLost,
  secretDeleted,
  secretOverwritten,
  roleDropped,
  databaseDropped,
  grantsDrifted,
  jobDrifted,
  serviceRemoved,
  createFailed,
  terraformKilledAtEach,
  twoMachines,
];
