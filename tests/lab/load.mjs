// Runs on the lab's client, on Debian's Node: so many requests a second to each path, for so long.
//   node load.mjs SECONDS PATH=RATE [PATH=RATE …]
import { setTimeout as sleep } from 'node:timers/promises'

const [seconds, ...targets] = process.argv.slice(2)
const end = Date.now() + Number(seconds) * 1000
const failures = []
let requests = 0

async function ask(path) {
  const began = Date.now()
  requests++
  const deadline = new AbortController()
  const timer = setTimeout(() => deadline.abort(new Error('no answer within 10 s')), 10_000)
  try {
    const { signal } = deadline
    const response = await fetch(`https://app.lab.example${path}`, { signal })
    await response.arrayBuffer()
    if (response.status !== 200) throw new Error(`status ${response.status}`)
  } catch (cause) {
    const why = String(cause.cause?.code ?? cause.message)
    failures.push({ path, why, at: new Date(began).toISOString(), ms: Date.now() - began })
  } finally {
    clearTimeout(timer)
  }
}

async function keepAsking(target) {
  const [path, perSecond] = target.split('=')
  const rate = Number(perSecond)
  const pending = new Set()
  // What a stall held back is not made up for: that would be a burst, and Traefik limits bursts.
  for (let due = Date.now(); Date.now() < end; due = Math.max(due + 1000 / rate, Date.now() - 20)) {
    if (due > Date.now()) await sleep(due - Date.now())
    const request = ask(path).finally(() => pending.delete(request))
    pending.add(request)
  }
  await Promise.all(pending)
}

await Promise.all(targets.map(keepAsking))
console.log(JSON.stringify({ requests, failed: failures.length, failures: failures.slice(0, 10) }))
