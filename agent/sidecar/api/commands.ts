/** The routes that change something: what is asked of the processes through their sockets, and what each answered. */
import { basename } from 'node:path';

import type { ControlOperation, ControlOperations } from '../../model/control.ts';
import type { CaptureKind } from '../../model/event.ts';
import type { LevelName } from '../../model/level.ts';
import { whyOf } from '../../model/problem.ts';
import type { Fleet, Member } from '../fleet.ts';
import { isMemberOf, slotOf } from './point.ts';
import { Refusal } from './refusal.ts';
import type { Target } from './route.ts';
import type { ApiCaptured, ApiCleared, ApiDrilled, ApiFailed, ApiReclaimed } from './types.ts';

/** A reclaim of gigabytes and a snapshot of the heap take their time. */
const PATIENCE_MS = 60_000;

export async function clearCaches(fleet: Fleet, target: Target, name: string | undefined): Promise<ApiCleared> {
  const { done, failed: all } = await askEach(fleet, target, 'clear', name === undefined ? {} : { name });
  // most processes have no cache of this name, which is no failure
  const failed = all.filter(({ code }) => name === undefined || code !== 'PLM_CONTROL_REFUSED');
  if (done.length === 0 && failed.length > 0) throw noneDidIt(failed);
  const cleared = done.flatMap(({ who, answer }) => answer.map((cache) => ({ ...who, ...cache })));
  if (name !== undefined && cleared.length === 0) throw unknownCache(name);
  return {
    cleared,
    entries: cleared.reduce((sum, { entries }) => sum + entries, 0),
    bytes: cleared.reduce((sum, { bytes }) => sum + bytes, 0),
    failed,
  };
}

export async function reclaim(fleet: Fleet, target: Target, targetBytes: number | undefined): Promise<ApiReclaimed> {
  const { done, failed } = await askAll(fleet, target, 'reclaim', targetBytes === undefined ? {} : { targetBytes });
  const outcomes = done.map(({ who, answer }) => ({ ...who, ...answer }));
  return { outcomes, freedBytes: outcomes.reduce((sum, { freedBytes }) => sum + freedBytes, 0), failed };
}

export async function drill(fleet: Fleet, target: Target, level: LevelName, forMs: number): Promise<ApiDrilled> {
  const { done, failed } = await askAll(fleet, target, 'drill', { level, forMs });
  return { drills: done.map(({ who, answer }) => ({ ...who, untilMs: answer.untilWallMs })), failed };
}

export async function capture(fleet: Fleet, target: Target, kind: CaptureKind): Promise<ApiCaptured> {
  const { done, failed } = await askAll(fleet, target, 'capture', { kind });
  return {
    captures: done.map(({ who, answer }) => ({ ...who, id: basename(answer.path), bytes: answer.bytes })),
    failed,
  };
}

export function unknownCache(name: string): Refusal {
  const known = 'GET /api/v1/cache/stats lists those that are';
  return new Refusal(404, 'PLM_API_NOT_FOUND', `No cache ${JSON.stringify(name)} is known; ${known}. Nothing is done.`);
}

interface Who {
  readonly instance: string;
  readonly process: string;
}

interface AskedAll<K extends ControlOperation> {
  readonly done: readonly { readonly who: Who; readonly answer: ControlOperations[K]['answers'] }[];
  readonly failed: readonly ApiFailed[];
}

/** That none did it is no success. */
async function askAll<K extends ControlOperation>(
  fleet: Fleet,
  target: Target,
  op: K,
  asks: ControlOperations[K]['asks'],
): Promise<AskedAll<K>> {
  const asked = await askEach(fleet, target, op, asks);
  if (asked.done.length === 0) throw noneDidIt(asked.failed);
  return asked;
}

/** One that fails leaves the others alone. */
async function askEach<K extends ControlOperation>(
  fleet: Fleet,
  target: Target,
  op: K,
  asks: ControlOperations[K]['asks'],
): Promise<AskedAll<K>> {
  const answers = await Promise.all(targets(fleet, target).map((member) => ask(member, op, asks)));
  return { done: answers.filter((each) => 'answer' in each), failed: answers.filter((each) => 'code' in each) };
}

function noneDidIt([first]: readonly ApiFailed[]): Refusal {
  const who = `${first?.process} (${first?.instance})`;
  const detail = `${who} did not do it: ${first?.code}: ${first?.message}`;
  // what it refuses now, it refuses later
  if (first?.code === 'PLM_CONTROL_REFUSED') return new Refusal(409, 'PLM_API_UNREACHABLE', detail);
  return new Refusal(503, 'PLM_API_UNREACHABLE', detail, { 'retry-after': '5' });
}

async function ask<K extends ControlOperation>(
  member: Member,
  op: K,
  asks: ControlOperations[K]['asks'],
): Promise<{ who: Who; answer: ControlOperations[K]['answers'] } | ApiFailed> {
  const who = { instance: member.instanceId, process: slotOf(member) };
  const control = member.control();
  if (control === undefined) {
    return { ...who, code: 'PLM_API_UNREACHABLE', message: 'its agent cannot be reached now; it is tried again' };
  }
  try {
    return { who, answer: await control.ask(op, asks, PATIENCE_MS) };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'PLM_API_UNREACHABLE';
    return { ...who, code, message: whyOf(error) };
  }
}

function targets(fleet: Fleet, target: Target): readonly Member[] {
  const live = fleet.members().filter((member) => member.state() !== 'ended');
  const found = live.filter(isMemberOf(target));
  if (found.length > 0) return found;
  const repair = 'GET /api/v1/memory/status lists those that do';
  throw new Refusal(404, 'PLM_API_NOT_FOUND', `No such process lives; ${repair}. Nothing is done.`);
}
