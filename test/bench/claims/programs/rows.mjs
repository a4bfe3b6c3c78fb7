/** The work of the large inputs: rows of text, what is known of each, and figures that are the same however the input was cut. */

/** @param {string} row */
export function parseRow(row) {
  const [id, time, flux, name] = row.split(',', 4);
  return { id: Number(id), time: Number(time), flux: Number(flux), name: name ?? '' };
}

/** Whole numbers only: sums do not depend on their order. */
export function createTotals() {
  const totals = { rows: 0, flux: 0, brightest: 0, names: 0 };
  return {
    totals,
    /** @param {ReturnType<typeof parseRow>} row */
    add(row) {
      totals.rows += 1;
      totals.flux += row.flux;
      totals.brightest = Math.max(totals.brightest, row.flux);
      totals.names += row.name.length;
    },
  };
}
