/** The doctor's judgement: one finding a line. Pure. */
import type { Diagnosis, Limits } from './diagnosis.ts';
import { fittingNodeOptions, type HeapFit } from '../postmortem/heap-fit.ts';
import type { ListenerState } from './machine.ts';
import { bytesText } from './text.ts';

/** `misfit` is what `--strict` fails on; `degraded`: the agent works with less; `info`: good to know. */
export type FindingState = 'ok' | 'info' | 'degraded' | 'misfit';

export interface Finding {
  readonly state: FindingState;
  /** Stable: `node`, `heap`, `container`, … */
  readonly topic: string;
  readonly text: string;
  readonly repair: string | undefined;
}

export function findingsOf(diagnosis: Diagnosis): readonly Finding[] {
  return [
    nodeFinding(diagnosis),
    heapFinding(diagnosis),
    fitFinding('fit', diagnosis.fit, ceilingName(diagnosis), diagnosis.heap.hasPercentage),
    ...throttleFindings(diagnosis),
    cgroupFinding(diagnosis),
    ok('limits', limitsText(diagnosis.limits)),
    psiFinding(diagnosis),
    listenerFinding(diagnosis.listener),
    directoryFinding(diagnosis),
    ...configurationFindings(diagnosis),
    ...diagnosis.degraded.map(({ reason, detail, repair }) => finding('degraded', reason, detail, repair)),
    ...diagnosis.processes.flatMap(processFindings),
  ];
}

function finding(state: FindingState, topic: string, text: string, repair?: string): Finding {
  return { state, topic, text, repair };
}

function ok(topic: string, text: string): Finding {
  return finding('ok', topic, text);
}

function nodeFinding({ node }: Diagnosis): Finding {
  const text = `Node.js ${node.version}, ${node.oldest} or newer is supported`;
  return node.supported ? ok('node', text) : finding('misfit', 'node', text, `run Node.js ${node.oldest} or newer`);
}

function heapFinding({ heap, ceiling, fit }: Diagnosis): Finding {
  const flags =
    heap.nodeOptions.trim() === '' ? 'NODE_OPTIONS is empty' : `NODE_OPTIONS is ${JSON.stringify(heap.nodeOptions)}`;
  const would = ceiling === 'image-limit' ? 'would take an' : 'takes an';
  const old = `${would} old generation of up to ${bytesText(fit?.oldBytes)}`;
  const young = `a young one of up to ${bytesText(fit?.youngBytes)}`;
  return ok(
    'heap',
    `V8 ${old} and ${young}; ${flags}${ceiling === 'image-limit' ? '' : `; heap_size_limit is ${bytesText(heap.sizeLimitBytes)}`}`,
  );
}

function ceilingName({ ceiling }: Diagnosis): string {
  if (ceiling === 'image-limit') return 'a container of';
  return ceiling === 'container' ? "the container's" : "the machine's";
}

function fitFinding(topic: string, fit: HeapFit | undefined, ceiling: string, hasPercentage: boolean): Finding {
  if (fit === undefined) return finding('info', topic, 'no limit is known that the heap could miss');
  const parts = `old ${bytesText(fit.oldBytes)} + young ${bytesText(fit.youngBytes)} + ${bytesText(fit.reserveBytes)} for everything else`;
  const limit = `${ceiling} ${bytesText(fit.limitBytes)}`;
  if (fit.fits) return ok(topic, `the heap fits: ${parts} is within ${limit}`);
  const nodeOptions = fittingNodeOptions(fit);
  const also = hasPercentage ? ', and take --max-old-space-size-percentage out of it' : '';
  const repair =
    nodeOptions === undefined
      ? 'raise the limit: no heap fits beside Node.js itself'
      : `set NODE_OPTIONS=${nodeOptions}${also}, or raise the limit`;
  return finding('misfit', topic, `the heap does not fit: ${parts} is more than ${limit}`, repair);
}

function throttleFindings({ fit, limits, ceiling }: Diagnosis): readonly Finding[] {
  if (fit === undefined || ceiling === 'image-limit' || limits.high === undefined) return [];
  const neededBytes = fit.oldBytes + fit.youngBytes + fit.reserveBytes;
  if (neededBytes <= limits.high) return [];
  const text = `the heap can pass memory.high (${bytesText(limits.high)}), where the kernel slows the group down`;
  return [finding('info', 'throttle', text, 'raise memory.high, or lower --max-old-space-size')];
}

function hasCgroup({ cgroup: { version } }: Diagnosis): boolean {
  return version !== 'none' && version !== undefined;
}

function cgroupFinding(diagnosis: Diagnosis): Finding {
  const { version, mode, path, mount, levels, bindingPath } = diagnosis.cgroup;
  if (!hasCgroup(diagnosis)) {
    return finding('info', 'cgroup', 'no memory cgroup was found: the container is no constraint');
  }
  return ok(
    'cgroup',
    `${version} (${mode}), path ${path}, mounted at ${mount}, ${levels} levels, fullest ${bindingPath}`,
  );
}

function limitsText({ container, high, swap, host, budget }: Limits): string {
  const named = { container, high, swap, host, budget };
  return Object.entries(named)
    .map(
      ([name, bytes]) => `${name} ${bytes === undefined ? (name === 'budget' ? 'none' : 'unknown') : bytesText(bytes)}`,
    )
    .join(', ');
}

function psiFinding(diagnosis: Diagnosis): Finding {
  if (diagnosis.psi) return ok('psi', "the group's own memory.pressure can be read");
  if (!hasCgroup(diagnosis)) return finding('info', 'psi', 'no stall times: there is no memory cgroup to have any');
  return finding('info', 'psi', 'no stall times: cgroup v1, or PSI is off', 'boot a cgroup v2 kernel with psi=1');
}

function listenerFinding({ url, state, detail }: ListenerState): Finding {
  switch (state) {
    case 'answers':
      return ok('listener', `an agent answers at ${url}`);
    case 'not-ready':
      return finding(
        'degraded',
        'listener',
        `an agent answers at ${url} and has no fresh sample (${detail})`,
        'wait, or find what blocks its event loop',
      );
    case 'foreign':
      return finding(
        'degraded',
        'listener',
        `something that is no agent has ${url} (${detail})`,
        'free the port, or set PLIMSOLL_LISTEN',
      );
    case 'any-port':
      return finding('info', 'listener', 'PLIMSOLL_LISTEN has port 0: where an agent listens cannot be known');
    case 'nothing':
      break;
  }
  return finding('info', 'listener', `nothing listens at ${url}: no agent runs there now`);
}

function directoryFinding({ directory }: Diagnosis): Finding {
  if (directory === undefined)
    return finding('info', 'directory', 'PLIMSOLL_DIR is not set: nothing is recorded', 'set PLIMSOLL_DIR to a folder');
  const text = `PLIMSOLL_DIR ${directory.path} ${directory.detail}`;
  return directory.writable
    ? ok('directory', text)
    : finding('misfit', 'directory', text, 'make it a folder that this user may write to');
}

function configurationFindings({ problems }: Diagnosis): readonly Finding[] {
  if (problems.length === 0) return [ok('configuration', 'every option is well-formed')];
  return problems.map(({ code, message }) =>
    finding('misfit', 'configuration', `${code}: ${message}`, 'correct the value'),
  );
}

function processFindings({
  serviceName,
  pid,
  limits,
  fit,
  heapFlags,
}: Diagnosis['processes'][number]): readonly Finding[] {
  const who = `process ${serviceName} (pid ${pid})`;
  const flags = heapFlags.length === 0 ? 'no heap flags' : heapFlags.join(' ');
  const isContainer = (limits.container ?? Infinity) < (limits.host ?? Infinity);
  const hasPercentage = heapFlags.some((flag) => flag.includes('percentage'));
  return [
    ok(who, `${limitsText(limits)}; ${flags}`),
    fitFinding(who, fit, isContainer ? "its container's" : "its machine's", hasPercentage),
  ];
}
