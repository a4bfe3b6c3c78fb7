/** Node.js itself, as the sources ask it. */
import { totalmem } from 'node:os';
import { getHeapSpaceStatistics, getHeapStatistics } from 'node:v8';

import type { Runtime } from '../../agent/model/source.ts';

export const nodeRuntime: Runtime = {
  versions: process.versions,
  heapStatistics: getHeapStatistics,
  heapSpaceStatistics: getHeapSpaceStatistics,
  memoryUsage: () => process.memoryUsage(),
  residentBytes: () => process.memoryUsage.rss(),
  pageFaults: () => process.resourceUsage(),
  uptimeSeconds: () => process.uptime(),
  totalMemoryBytes: totalmem,
  availableMemoryBytes: () => process.availableMemory(),
  constrainedMemoryBytes: () => process.constrainedMemory(),
};
