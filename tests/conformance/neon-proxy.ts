import { once } from 'node:events'
import { connect } from 'node:net'
import { createWebSocketStream, WebSocketServer } from 'ws'

/** Stands where Neon's own proxy stands: a WebSocket whose bytes go to a real Postgres and back. */
export async function startNeonProxy(port: number): Promise<{ address: string; stop(): void }> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  await once(server, 'listening')
  server.on('connection', (socket) => {
    const stream = createWebSocketStream(socket)
    const database = connect(port, '127.0.0.1')
    stream.pipe(database).pipe(stream)
    stream.on('error', () => database.destroy())
    database.on('error', () => socket.close())
  })
  const { port: own } = server.address() as { port: number }
  return {
    address: `127.0.0.1:${own}/v1`,
    stop() {
      for (const client of server.clients) client.terminate()
      server.close()
    },
  }
}
