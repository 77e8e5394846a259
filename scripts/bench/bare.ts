import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { hostname } from 'node:os'
import { utcDay } from '../../functions/_lib/days.ts'

/** The reference: what `node:http` alone answers, with the body of `/api/visit` ready made. */
const body = JSON.stringify({
  date: utcDay(new Date()),
  unique_visits: 123_456,
  hostname: hostname(),
})
const headers = {
  'Cache-Control': 'no-store',
  'Content-Type': 'application/json',
  'Content-Length': Buffer.byteLength(body),
}

const server = createServer((_, response) => response.writeHead(200, headers).end(body))

server.listen(Number(process.env.PORT), process.env.HOST, () => {
  console.log(`Listening on http://${process.env.HOST}:${(server.address() as AddressInfo).port}`)
})
