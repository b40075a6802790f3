import type { Answer, Request } from "./protocol.ts";
import { buildRow, type Measured, type Row } from "./rows.ts";
import { WorkerError } from "./json-pipe.ts";

/** Who is measured. */
export interface Contender {
  readonly name: string;
  /** Throws WorkerError when there is no answer. */
  ask(request: Request, limitSeconds: number): Promise<Answer>;
}

/** One figure to be measured of every contestant. */
export interface Task extends Pick<Row, "name" | "unit" | "better"> {
  /** The work, `count` times. */
  readonly request: (count: number) => Request;
  /** The figure for a time per piece of work. */
  readonly figure: (seconds: number) => number;
}

/** How long to measure. */
export interface Effort {
  readonly rounds: number;
  /** Work before the first round, so that just-in-time compilers have reached their last tier. */
  readonly warmUpSeconds: number;
  /** Length of a round; a slow contestant's round is a single piece of work. */
  readonly roundSeconds: number;
  /** What a slow contestant may take for all its rounds together; it gets fewer of them. */
  readonly budgetSeconds: number;
  /** A contestant that takes longer for one piece of work cannot do it. */
  readonly limitSeconds: number;
}

/** For measuring. */
export const fullEffort: Effort = { rounds: 7, warmUpSeconds: 1.5, roundSeconds: 0.5, budgetSeconds: 30, limitSeconds: 30 };

/** For seeing that it works. */
export const quickEffort: Effort = { ...fullEffort, rounds: 1, warmUpSeconds: 0, roundSeconds: 0 };

/** For single ops, of which there are many; what all share is warm since the first of them. */
export const opEffort: Effort = { ...fullEffort, warmUpSeconds: 0.6, roundSeconds: 0.1, budgetSeconds: 10 };

/** What the warm-up found out about a contestant. */
interface Plan {
  readonly count: number;
  readonly rounds: number;
}

/**
 * Measures one task: everybody warms up, then the rounds are taken in turn (ours, theirs, ours, theirs, ...), so that a
 * machine that slows down slows everybody down. Throws WorkerError when ours fails; a peer that fails is a gap with a reason.
 */
export async function measureTask(task: Task, ours: Contender, peers: readonly Contender[], effort: Effort): Promise<Row> {
  const ourPlan = await prepare(task, ours, effort);
  const plans = new Map<Contender, Plan>();
  const gaps = new Map<Contender, string>();
  for (const peer of peers) await orGap(peer, gaps, async () => plans.set(peer, await prepare(task, peer, effort)));

  const ourFigures: number[] = [];
  const figures = new Map(peers.map((peer): [Contender, number[]] => [peer, []]));
  for (let round = 0; round < effort.rounds; round++) {
    ourFigures.push(await measure(task, ours, ourPlan.count, effort));
    for (const [peer, { count, rounds }] of plans) {
      if (round >= rounds || gaps.has(peer)) continue;
      await orGap(peer, gaps, async () => figures.get(peer)?.push(await measure(task, peer, count, effort)));
    }
  }
  const measured = peers.map((peer): [string, Measured] => {
    const reason = gaps.get(peer);
    return [peer.name, reason === undefined ? (figures.get(peer) ?? []) : { reason }];
  });
  return buildRow(task, ourFigures, new Map(measured));
}

async function orGap(peer: Contender, gaps: Map<Contender, string>, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof WorkerError)) throw error;
    gaps.set(peer, error.message);
  }
}

/** Warms a contestant up, and finds out how much of the work fills a round. */
export async function prepare(task: Task, contestant: Contender, effort: Effort): Promise<Plan> {
  const { limitSeconds, warmUpSeconds, roundSeconds, budgetSeconds } = effort;
  // The first time includes compilation and says little about the next.
  let { seconds } = await contestant.ask(task.request(1), limitSeconds);
  let spent = seconds;
  let each = seconds;
  while (spent < warmUpSeconds) {
    const count = pieces(warmUpSeconds / 4, each);
    ({ seconds } = await contestant.ask(task.request(count), limitSeconds));
    spent += seconds;
    each = seconds / count;
  }
  const count = pieces(roundSeconds, each);
  const affordable = Math.floor(budgetSeconds / (count * each));
  return { count, rounds: Math.max(1, Math.min(effort.rounds, affordable)) };
}

/** One round: the figure of so many pieces of work. */
export async function measure(task: Task, contestant: Contender, count: number, effort: Effort): Promise<number> {
  const { seconds } = await contestant.ask(task.request(count), effort.limitSeconds);
  return task.figure(seconds / count);
}

/** How many pieces of work fill a time; the clock may not have seen a very short one. */
function pieces(seconds: number, each: number): number {
  return Math.max(1, Math.min(1e6, Math.ceil(seconds / Math.max(each, 1e-6))));
}
