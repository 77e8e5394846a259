import process from 'node:process'
import { app } from '../index.ts'
import { startProcess } from './process.ts'

/** What we use of Bun. @see https://bun.com/docs/runtime/http/server */
type Server = {
  port: number
  requestIP(request: Request): { address: string } | null
  stop(): Promise<void>
}
type Options = {
  hostname: string
  port: number
  fetch(request: Request, server: Server): Response | Promise<Response>
}
declare const Bun: { serve(options: Options): Server }

const { config, env, close } = startProcess()

const server = Bun.serve({
  hostname: config.host,
  port: config.port,
  fetch(request, server) {
    return app.fetch(request, { ...env, peer: () => server.requestIP(request)?.address ?? '' })
  },
})
console.log(`Listening on http://${config.host}:${server.port}`)

process.once('SIGTERM', async () => {
  await server.stop()
  await close()
})
