/** A post-mortem for people. */
import type { Postmortem } from '../model/postmortem.ts';

/** Short lines, without a prefix. */
export function postmortemText({ serviceName, cause, evidence, because }: Postmortem): readonly string[] {
  return [`${serviceName}: ${cause} (${evidence})`, ...because];
}
