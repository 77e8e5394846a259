/** The new and the old secret, as `GITHUB_WEBHOOK_SECRET` holds them while it is rotated. */
export const SECRETS = { new: "It's a Secret to Everybody", old: 'the-secret-before-it' }
export const BRANCH = 'main'
export const COMMIT = '6113728f27ae82c7b1a177c8d03f9e96e0adf246'

export type Delivery = {
  payload?: unknown
  /** Sent as it is, in the payload's place. */
  text?: string
  form?: boolean
  event?: string
  delivery?: string
  secret?: string
  path?: string
  headers?: Record<string, string>
}

export function pushPayload(changes: object = {}) {
  return {
    ref: `refs/heads/${BRANCH}`,
    before: '0000000000000000000000000000000000000000',
    after: COMMIT,
    deleted: false,
    repository: { full_name: 'octo-org/hello-world' },
    sender: { login: 'octocat' },
    ...changes,
  }
}

/** A webhook call as GitHub makes it, signed over the bytes that travel. */
export async function deliver(
  call: (path: string, init: RequestInit) => Promise<Response>,
  { payload = pushPayload(), form = false, event = 'push', ...rest }: Delivery = {},
): Promise<Response> {
  const json = rest.text ?? JSON.stringify(payload)
  const body = form ? new URLSearchParams({ payload: json }).toString() : json
  return call(rest.path ?? '/api/webhook/github', {
    method: 'POST',
    headers: {
      'content-type': form ? 'application/x-www-form-urlencoded' : 'application/json',
      'x-github-event': event,
      'x-github-delivery': rest.delivery ?? crypto.randomUUID(),
      'x-hub-signature-256': await sign(body, rest.secret ?? SECRETS.new),
      ...rest.headers,
    },
    body,
  })
}

export async function sign(body: string, secret: string): Promise<string> {
  const encoder = new TextEncoder()
  const algorithm = { name: 'HMAC', hash: 'SHA-256' }
  const key = await crypto.subtle.importKey('raw', encoder.encode(secret), algorithm, false, [
    'sign',
  ])
  const bytes = new Uint8Array(await crypto.subtle.sign('HMAC', key, encoder.encode(body)))
  return `sha256=${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`
}
