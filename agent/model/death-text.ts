/** A death in one sentence: who, what, how sure. */
import type { DeathCause, Postmortem } from './postmortem.ts';
import { ratioText } from './quantity.ts';

const CAUSE: Readonly<Record<DeathCause, string>> = {
  kernel_oom: 'the kernel killed it for want of memory',
  v8_oom: 'V8 aborted it: its heap was full',
  killed: 'it was ended from outside',
  crash: 'it crashed',
  exit: 'it ended by itself, or was asked to',
};

export function deathText({ serviceName, process, cause, evidence, confidence }: Postmortem): string {
  const who = process === 'main' ? serviceName : `${serviceName} (${process})`;
  const sure = evidence === 'observed' ? 'observed' : `inferred, ${ratioText(confidence)} sure`;
  return `${who} died: ${CAUSE[cause]} (${cause}, ${sure})`;
}
