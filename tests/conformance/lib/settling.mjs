// Settling messages over AMQP, for devices that give different answers. Receivers of azure-iothub must settle at once: they accept what is not settled when the event is over.
import { sleep } from './server.mjs';

/**
 * Runs acts one after the other, each when the one before is on its way.
 * rhea, under azure-iot-amqp-base, writes one disposition for two neighbours that are settled in one tick, with the outcome of the first for both: a rejection right after a completion would become a completion.
 */
export function inTurn() {
  let last = Promise.resolve();
  return act => { last = last.then(async () => { act(); await sleep(10); }); };
}
