/** One of the other programs in a worker thread. Arguments: its file, the worker's maxOldGenerationSizeMb, the program's own. */
import { Worker } from 'node:worker_threads';

const [program, oldGenerationMebibytes, ...argv] = process.argv.slice(2);
const resourceLimits = { maxOldGenerationSizeMb: Number(oldGenerationMebibytes) };
export const worker = new Worker(new URL(program, import.meta.url), { argv, resourceLimits });
