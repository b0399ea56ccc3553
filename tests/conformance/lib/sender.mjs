// A device of the SDK that sends for as long as it runs, for scenarios in which nothing may be lost.
import common from 'azure-iot-common';
import device from 'azure-iot-device';
import { sleep, until } from './server.mjs';

/** A device that sends one message after the other and remembers what went wrong. */
export class Sender {
  acknowledged = 0;
  wrong = [];

  static async start(open) {
    const sender = new Sender();
    sender.client = await open();
    sender.client.setRetryPolicy(new common.NoRetry());
    sender.client.on('error', error => sender.wrong.push(`error: ${error}`));
    sender.client.on('disconnect', () => { if (!sender.isStopping) sender.wrong.push('disconnected'); });
    await sender.client.open();
    sender.running = sender.send();
    return sender;
  }

  async send() {
    while (!this.isStopping) {
      try {
        await this.client.sendEvent(new device.Message('x'));
        this.acknowledged++;
      } catch (error) {
        this.wrong.push(`not sent: ${error}`);
        return;
      }
      await sleep(100);
    }
  }

  /** By itself, with nothing under way. */
  async stop() {
    this.isStopping = true;
    await this.running;
    await this.client.close();
  }

  async sendsOn() {
    const before = this.acknowledged;
    await until('another message', () => this.acknowledged > before + 1 || this.wrong.length > 0);
  }
}
