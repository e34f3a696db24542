import type { SimulationResult } from './simulation.ts';

const MB = 1024 * 1024;

/** The result for people. */
export function formatResult(result: SimulationResult): string {
  const { boxes, rollout, server, outcomes } = result;
  const rows: (readonly [string, string])[] = [
    ['devices', `${result.devices} (${boxes.up} connected, ${boxes.away} switched off)`],
    ['time', `${result.seconds} s; soak and steps ${result.acceleration} times faster than real`],
    ['connections', `${boxes.connects} made, ${boxes.losses} lost or not made, ${boxes.refusals} refused`],
    ['numbered messages', `${boxes.sent} sent, ${boxes.receipted} receipted, ${boxes.held} without receipt`],
    ['live messages', String(boxes.live)],
    ['orders', `${boxes.ordersTaken} taken, ${boxes.ordersRefused} refused`],
    [
      'last deployments',
      Object.entries(outcomes)
        .map(([state, count]) => `${count} ${state}`)
        .join(', '),
    ],
  ];
  if (rollout !== undefined) {
    rows.push(['rollout', `${rollout.state}: ${rollout.why}`]);
    for (const { number, name, state, counts } of rollout.groups) {
      const { total, succeeded, failed, rejected, waiting, restored } = counts;
      const ends = `${succeeded} succeeded, ${failed} failed, ${rejected} rejected, ${waiting} waiting, ${restored} sent back`;
      rows.push([`  wave ${number}`, `${name}, ${state}: ${total} devices, ${ends}`]);
    }
  }
  if (server !== undefined)
    rows.push([
      'server',
      `${server.cpuSec.toFixed(1)} s CPU, ${Math.round(server.maxRssBytes / MB)} MB at most`,
    ]);
  rows.push(['boxes', `${Math.round(boxes.rssBytes / MB)} MB`]);
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}\n`).join('');
}
