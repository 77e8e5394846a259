import process from 'node:process'
import { app } from '../index.ts'
import { startProcess } from './process.ts'

/** What we use of Deno. @see https://docs.deno.com/api/deno/~/Deno.serve */
type Address = { hostname: string; port: number }
type Options = { hostname: string; port: number; onListen(address: Address): void }
type Handler = (request: Request, info: { remoteAddr: Address }) => Response | Promise<Response>
declare const Deno: { serve(options: Options, handler: Handler): { shutdown(): Promise<void> } }

const { config, env, close } = startProcess()

const server = Deno.serve(
  {
    hostname: config.host,
    port: config.port,
    onListen: ({ port }) => console.log(`Listening on http://${config.host}:${port}`),
  },
  (request, { remoteAddr }) => app.fetch(request, { ...env, peer: () => remoteAddr.hostname }),
)

process.once('SIGTERM', async () => {
  await server.shutdown()
  await close()
})
