import type { Context, Next } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import * as z from 'zod'
import type { Env } from './_lib/env.ts'
import { checkJob, type Images, isDelivery, isImages, type Job, newJobId } from './_lib/job.ts'
import { isSigned } from './_lib/signature.ts'

type Ctx = Context<{ Bindings: Env }>

/** GitHub's own limit. @see https://docs.github.com/en/webhooks/webhook-events-and-payloads */
const MAX_BODY_BYTES = 25 * 1024 * 1024

const Push = z.object({
  ref: z.string(),
  after: z.string(),
  deleted: z.boolean().default(false),
  repository: z.object({ full_name: z.string() }),
  sender: z.object({ login: z.string() }),
  /** Ours, not GitHub's: the workflow that built the images names them by digest. */
  images: z.custom<Images>(isImages, 'wanted images by digest').default({}),
})
type Push = z.infer<typeof Push>

/** GitHub's webhook, in the order of cost: the type, the size, the signature, then the words. */
export const webhook = [acceptJsonOrForm, limitBody, receive] as const

async function acceptJsonOrForm(c: Ctx, next: Next) {
  if (isForm(c) || mediaType(c) === 'application/json') return next()
  return c.json({ error: 'Content type must be JSON or form-encoded' }, 415)
}

const limit = bodyLimit({
  maxSize: MAX_BODY_BYTES,
  onError: (c) => c.json({ error: `Body is larger than ${MAX_BODY_BYTES} bytes` }, 413),
})

async function limitBody(c: Ctx, next: Next) {
  try {
    return await limit(c, next)
  } catch {
    return cutOff(c)
  }
}

// Whoever hung up amid the body gets no answer and is no error of ours.
function cutOff(c: Ctx) {
  return c.json({ error: 'Body could not be read' }, 400)
}

async function receive(c: Ctx) {
  const { env } = c
  if (env.webhookSecrets.length === 0) return c.json({ error: 'Webhook not configured' }, 503)
  const buffer = await c.req.arrayBuffer().catch(() => undefined)
  if (!buffer) return cutOff(c)
  const body = new Uint8Array(buffer)
  const signature = c.req.header('x-hub-signature-256')
  if (!(await isSigned(body, signature, env.webhookSecrets))) {
    return c.json({ error: 'Signature is missing or wrong' }, 401)
  }
  const payload = parsePayload(body, isForm(c))
  if (payload === undefined) return c.json({ error: 'Body is not JSON' }, 400)
  const event = c.req.header('x-github-event') ?? ''
  if (event !== 'push') return ignore(c, event === 'ping' ? 'ping' : 'not a push')
  const push = Push.safeParse(payload)
  if (!push.success) return c.json({ error: `Push is not readable: ${where(push.error)}` }, 400)
  const why = reasonToIgnore(push.data, env)
  if (why) return ignore(c, why)
  const delivery = c.req.header('x-github-delivery') ?? ''
  if (!isDelivery(delivery)) return c.json({ error: 'Delivery id is missing or wrong' }, 400)
  return queue(c, toJob(push.data, delivery, env.now()))
}

async function queue(c: Ctx, job: Job | undefined) {
  const { env } = c
  if (!job) return c.json({ error: 'Push has no commit that could be deployed' }, 400)
  if (!env.enqueue) return c.json({ error: 'Job folder not configured' }, 503)
  try {
    const id = await env.enqueue(job)
    if (id === undefined) return ignore(c, 'delivery already seen')
    return c.json({ ok: true, queued: true, job: id }, 202)
  } catch (cause) {
    env.log(`Cannot store job ${job.id}`, cause)
    return c.json({ error: 'Job could not be stored' }, 503)
  }
}

function ignore(c: Ctx, why: string) {
  return c.json({ ok: true, ignored: why })
}

function mediaType(c: Ctx): string | undefined {
  return c.req.header('content-type')?.split(';')[0]?.trim().toLowerCase()
}

function isForm(c: Ctx): boolean {
  return mediaType(c) === 'application/x-www-form-urlencoded'
}

function parsePayload(body: Uint8Array, form: boolean): unknown {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(body)
    return JSON.parse(form ? (new URLSearchParams(text).get('payload') ?? '') : text)
  } catch {
    return undefined
  }
}

function reasonToIgnore(push: Push, env: Env): string | undefined {
  if (env.repository && push.repository.full_name.toLowerCase() !== env.repository.toLowerCase()) {
    return 'other repository'
  }
  if (push.ref !== `refs/heads/${env.deployBranch}`) return 'other branch'
  if (push.deleted) return 'branch deleted'
  return undefined
}

function toJob(push: Push, delivery: string, now: Date): Job | undefined {
  try {
    return checkJob({
      id: newJobId(now),
      delivery,
      event: 'push',
      repository: push.repository.full_name,
      ref: push.ref,
      commit: push.after,
      images: push.images,
      who: push.sender.login,
      when: now.toISOString(),
    })
  } catch {
    return undefined
  }
}

function where(error: z.ZodError): string {
  return error.issues.map(({ path }) => path.join('.') || 'body').join(', ')
}
