import type { Socket } from 'node:net';

import type { ExporterClock } from '../agent/model/exporter.ts';
import type { Snapshot } from '../agent/model/snapshot.ts';
import { onText, readMessages } from './siblings-lines.ts';
import type { Message } from '../agent/model/message.ts';
import { answerLine, COLLECT, createSnapshotReader, readHello, type Hello, type Refusal } from './siblings-protocol.ts';
import { createSlots } from './siblings-slots.ts';

/** The processes whose numbers this one serves beside its own. It keeps the last snapshot of each and nothing else. */
export interface SiblingHub {
  /** The slot of this process itself. */
  readonly slot: string;
  /** Takes over a connection that was upgraded; `head` is what came with it. */
  admit(socket: Socket, head: string): void;
  has(socket: Socket): boolean;
  /** Asks all, and waits a moment at most: of who does not answer in time it is the last snapshot that is told. undefined: nobody. */
  collect(): Promise<readonly Snapshot[]> | undefined;
  close(): void;
}

export interface SiblingHubParts {
  readonly service: string;
  readonly container: string;
  /** The slot this process would like to have. */
  readonly slot: string;
  readonly clock: Pick<ExporterClock, 'setTimer'>;
  /** How many siblings there are now. */
  onCount(count: number): void;
}

interface Sibling {
  readonly slot: string;
  readonly socket: Socket;
  /** Was asked and has not answered; it is asked again only then, so that nothing piles up before one that is blocked. */
  asked: boolean;
  latest: Snapshot | undefined;
  /** Called at its next answer, or at its end. */
  waiting: (() => void)[];
}

const MAX_SIBLINGS = 64;
/** A scrape may take a second: a process whose event loop is blocked must not cost the others theirs. */
const PATIENCE_MS = 250;

export function createSiblingHub({ service, container, slot: wish, clock, onCount }: SiblingHubParts): SiblingHub {
  const slots = createSlots();
  const own = slots.take(wish);
  const siblings = new Map<Socket, Sibling>();
  /** Those that have not said hello too. */
  const open = new Set<Socket>();

  function refusalOf(hello: Hello): Refusal | undefined {
    if (hello.container !== '' && container !== '' && hello.container !== container) return 'container';
    // a program in node_modules that this process runs as its child has a package.json, and so a name, of its own
    if (hello.service !== service && hello.parentPid !== process.pid) return 'service';
    return siblings.size >= MAX_SIBLINGS ? 'full' : undefined;
  }

  /** Answers what the sibling's later messages mean. */
  function welcome(socket: Socket, message: Message): ((message: Message) => void) | undefined {
    const hello = readHello(message);
    const refused = typeof hello === 'string' ? hello : hello && refusalOf(hello);
    if (hello === undefined || typeof hello === 'string' || refused !== undefined) {
      socket.end(answerLine({ refused: refused ?? 'protocol', service }));
      return undefined;
    }
    const sibling: Sibling = { slot: slots.take(hello.slot), socket, asked: false, latest: undefined, waiting: [] };
    siblings.set(socket, sibling);
    onCount(siblings.size);
    socket.write(answerLine({ joined: sibling.slot, service }));
    request(sibling); // so that there is something to tell if its event loop is blocked from now on
    const read = createSnapshotReader(hello, sibling.slot);
    return (later) => {
      sibling.latest = read(later) ?? sibling.latest;
      sibling.asked = false;
      settle(sibling);
    };
  }

  function request(sibling: Sibling): void {
    if (sibling.asked) return;
    sibling.asked = true;
    sibling.socket.write(COLLECT);
  }

  function settle(sibling: Sibling): void {
    for (const tell of sibling.waiting.splice(0)) tell();
  }

  function leave(socket: Socket): void {
    open.delete(socket);
    const sibling = siblings.get(socket);
    if (sibling === undefined) return;
    siblings.delete(socket);
    slots.giveBack(sibling.slot);
    onCount(siblings.size);
    settle(sibling);
  }

  return {
    slot: own,
    admit(socket, head) {
      open.add(socket);
      let onLater: ((message: Message) => void) | undefined;
      let greeted = false;
      const { push } = readMessages(
        socket,
        (message) => {
          if (greeted) return onLater?.(message);
          greeted = true;
          onLater = welcome(socket, message);
        },
        () => leave(socket),
      );
      onText(socket, push);
      push(head);
    },
    has: (socket) => siblings.has(socket),
    collect: () => (siblings.size === 0 ? undefined : answersOf([...siblings.values()]).then(latest)),
    close() {
      for (const socket of open) socket.destroy();
    },
  };

  function latest(): readonly Snapshot[] {
    return [...siblings.values()].flatMap((sibling) => sibling.latest ?? []);
  }

  function answersOf(asked: readonly Sibling[]): Promise<void> {
    return new Promise((resolve) => {
      let missing = asked.length;
      // Two timers: after a stall of this process the answers are there, but the first one fires before they are read.
      let cancel = clock.setTimer(() => {
        cancel = clock.setTimer(resolve, 1);
      }, PATIENCE_MS);
      for (const sibling of asked) {
        sibling.waiting.push(() => {
          missing -= 1;
          if (missing > 0) return;
          cancel();
          resolve();
        });
        request(sibling);
      }
    });
  }
}
