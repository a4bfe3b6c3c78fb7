/**
 * What became of a process: found by a sidecar, a parent, a successor or `plimsoll postmortem`, all by the same rules. `gatherEvidence`
 * reads the world, `investigate` concludes, `reportOnce` makes sure that a death is told once. docs/postmortem.md
 */
export { countDeath, deathCounts, totalDeaths, withOneMore } from './death-counts.ts';
export { gatherEvidence, type Scene } from './evidence.ts';
export type { Ending, FatalReport, FoundDeath, WorldEvidence } from './found.ts';
export { investigate } from './investigate.ts';
export { openKillCounter, type KillCounter } from './kill-counter.ts';
export { readSlowly } from './read-slowly.ts';
export { deathMs, deathReportPath, isReported, listPostmortems, readPostmortem, reportOnce } from './reports.ts';
export { postmortemText } from './text.ts';
export { leaveUntold, takeUntold } from './untold.ts';
