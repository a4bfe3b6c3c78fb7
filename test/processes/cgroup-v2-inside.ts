/** What cgroup-v2.test.ts runs inside the virtual machine: lives the story and prints it as one line. */
import { fileURLToPath } from 'node:url';

import { toJson } from './cgroup-json.ts';
import { CACHE_BYTES, tellStory } from './cgroup-story.ts';

const modules = fileURLToPath(new URL('../../node_modules', import.meta.url));
const story = await tellStory(`load ${modules} ${CACHE_BYTES}`);
process.stdout.write(`STORY ${toJson(story)}\n`);
