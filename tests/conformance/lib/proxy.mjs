// A TCP proxy in front of one port of the server: it can be told to cut every connection that goes through it.
import net from 'node:net';

export class Proxy {
  static async open(port) {
    const proxy = new Proxy();
    proxy.sockets = new Set();
    proxy.server = net.createServer(near => {
      const far = net.connect(port, 'localhost');
      for (const [one, other] of [[near, far], [far, near]]) {
        proxy.sockets.add(one);
        one.on('error', () => {});
        one.on('close', () => { proxy.sockets.delete(one); other.destroy(); });
        one.pipe(other);
      }
    });
    await new Promise(done => proxy.server.listen(0, 'localhost', done));
    proxy.port = proxy.server.address().port;
    return proxy;
  }

  /** Resets all connections: neither side hears a good-bye. */
  cut() { for (const socket of this.sockets) socket.resetAndDestroy(); }

  close() { this.cut(); this.server.close(); }
}
