/** The slots of a fleet, `plimsoll.process`: counted by service and container, since those two tell its series apart. */
import { bySlot, createSlots, type Slots } from '../../exporters/siblings-slots.ts';
import type { RingHeader } from '../record/header.ts';
import type { Member } from './fleet.ts';

export interface FleetSlots {
  take(header: RingHeader): string;
  giveBack(header: RingHeader, slot: string): void;
}

export function createFleetSlots(): FleetSlots {
  const groups = new Map<string, Slots>();
  function groupOf(header: RingHeader): Slots {
    const key = `${header.identity.serviceName}\n${containerNameOf(header)}`;
    const found = groups.get(key) ?? createSlots();
    groups.set(key, found);
    return found;
  }
  return {
    take: (header) => groupOf(header).take(header.identity.process),
    giveBack: (header, slot) => groupOf(header).giveBack(slot),
  };
}

/** '' where it is not known. */
function containerNameOf({ identity }: RingHeader): string {
  return identity.resource['k8s.container.name'] ?? '';
}

/** What the processes of one container have in common: they see the same files. Of a system without namespaces, the service. */
export function containerKeyOf(header: RingHeader): string {
  const { 'process.mountNamespace': namespace = header.identity.serviceName } = header.facts;
  return `${namespace}\n${containerNameOf(header)}`;
}

interface Placed {
  readonly member: Member;
  readonly slot: string;
}

/** By service, container and slot. */
export function byPlace(a: Placed, b: Placed): number {
  const [one, other] = [a.member.header, b.member.header];
  return (
    compare(one.identity.serviceName, other.identity.serviceName) ||
    compare(containerNameOf(one), containerNameOf(other)) ||
    bySlot(a.slot, b.slot)
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
