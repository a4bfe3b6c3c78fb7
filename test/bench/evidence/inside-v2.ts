/** What main.ts runs inside the virtual machine whose cgroup hierarchy is v2: its deaths, each as one line of JSON. */
import { planFor } from './plan.ts';
import { runPlan } from './run-plan.ts';

await runPlan({
  planned: planFor(2, process.argv.includes('--short')),
  atATime: 2,
  onCase: (one) => console.log(`CASE ${JSON.stringify(one)}`),
  onFault: ({ way, finder }, error) => console.log(`FAULT ${JSON.stringify(`${way}, ${finder}: ${String(error)}`)}`),
});
