/** Prints jest's totals once more as the run's last line: `N passed, N failed[, N skipped]`. */
module.exports = class TotalsReporter {
  onRunComplete(_contexts, results) {
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const skipped = results.numPendingTests + results.numTodoTests;
    const totals = `${results.numPassedTests} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ""}`;
    // jest prints its own summary after the reporters have been told.
    process.once("exit", () => console.log(totals));
  }
};
