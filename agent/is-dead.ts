/** Whether the process of a ring file is dead, for who comes late: the agent that starts after it, `plimsoll postmortem`. */
import { socketPathOf } from './control/path.ts';
import { probeSocket } from './control/probe.ts';
import { COL } from './model/row.ts';
import type { LatestReading } from './record/reader.ts';
import { lifeOf } from './sidecar/life.ts';
import { pidNamespace, pidStateOf } from './sidecar/pid.ts';

/** An agent that was switched off ended its recording, and its process lives. */
export async function isDead(
  directory: string,
  { header, record, end }: LatestReading,
  nowMs: number,
): Promise<boolean> {
  if (end !== undefined) return !Number.isNaN(end.exitCode);
  const lastMs = record?.row[COL.wallMs] ?? header.identity.startWallMs;
  const life = lifeOf({
    silentMs: Math.max(0, nowMs - lastMs),
    intervalMs: (record?.row[COL.agentIntervalSeconds] ?? 1) * 1000,
    connection: await probeSocket(socketPathOf(directory, header.identity.serviceInstanceId, process.platform)),
    hasAnswered: false,
    pid: pidStateOf(header, pidNamespace()),
  });
  return life === 'dead';
}
