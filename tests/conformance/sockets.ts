import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** A server that takes connections and never says a word. */
export async function startSilentServer() {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => sockets.add(socket)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as { port: number }).port,
    /** Resolves when somebody has connected. */
    connected: once(server, 'connection'),
    stop() {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}

/** Passes bytes to a server and back, and drops them while it is paused. */
export async function startPausableProxy(target: number) {
  const sockets = new Set<Socket>()
  let paused = false
  const server = createServer((client) => {
    const database = connect(target, '127.0.0.1')
    for (const socket of [client, database]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => [client, database].map((other) => other.destroy()))
    }
    client.on('data', (chunk) => paused || database.write(chunk))
    database.on('data', (chunk) => paused || client.write(chunk))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as { port: number }).port,
    pause() {
      paused = true
    },
    resume() {
      paused = false
    },
    stop() {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}
