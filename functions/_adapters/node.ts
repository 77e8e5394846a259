import type { Server } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { type HttpBindings, serve } from '@hono/node-server'
import { app } from '../index.ts'
import { startProcess } from './process.ts'

/** How long requests that are still in flight after the drain may take. */
const LAST_REQUESTS_MS = 10_000

const { config, env, drain, close } = startProcess()

const server = serve({ fetch, hostname: config.host, port: config.port }, ({ port }) => {
  console.log(`Listening on http://${config.host}:${port}`)
}) as Server

server.once('error', (cause) => {
  console.error(`Cannot listen on ${config.host}:${config.port}: ${cause.message} (see HOST, PORT)`)
  process.exit(1)
})
process.on('SIGTERM', stop)
process.on('SIGINT', stop)

function fetch(request: Request, bindings: unknown): Response | Promise<Response> {
  const { incoming, outgoing } = bindings as HttpBindings
  if (env.draining()) outgoing.shouldKeepAlive = false
  const peer = () => incoming.socket.remoteAddress ?? ''
  return app.fetch(request, { ...env, peer })
}

/** Drains: goes on serving while the load balancer takes note of `/ready`, then closes. */
async function stop() {
  if (env.draining()) return
  drain()
  await sleep(config.drainSeconds * 1000)
  const closed = new Promise((resolve) => server.close(resolve))
  await Promise.race([closed, sleep(LAST_REQUESTS_MS, undefined, { ref: false })])
  server.closeAllConnections()
  await close()
  process.exit(0)
}
